"""What /notes list, search and ask answer: Discord messages about some meetings of a server."""

from collections.abc import Sequence

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Refused
from notetaker.jobs.search import Shelf, message_link
from notetaker.model.meeting import Meeting
from notetaker.model.wording import clip, count, duration
from notetaker.notes.markdown import escape, length
from notetaker.notes.render import MESSAGE_LIMIT
from notetaker.notes.search.finding import answers, has_terms, mentions
from notetaker.notes.search.render import HITS, meeting_name, quoted, render_hits
from notetaker.store.store import Store

MOST_LISTED = 15
"""Meetings in a message."""
_TITLE = 60
_ASKED_HITS = 5
NOTHING = (
    "I found nothing with all these words in the meetings that you can see. Try fewer words, or /notes ask."
)
NO_ANSWER = "I found nothing about that in the meetings that you can see."


def listed(store: Store, meetings: Sequence[Meeting]) -> str:
    """List the first meetings, of which there is at least one."""
    message = f"**{count(len(meetings), 'meeting')}** that you can see, newest first"
    for number, meeting in enumerate(meetings):
        line = _listed(store, meeting)
        more = f"\n-# And {len(meetings) - number} earlier. /notes search finds what was said in them."
        if number == MOST_LISTED or length(message + line + more) > MESSAGE_LIMIT:
            return message + more
        message += line
    return message


def _listed(store: Store, meeting: Meeting) -> str:
    lasted = "going on" if meeting.ended_ns is None else duration(meeting.ended_ns - meeting.started_ns)
    minutes = store.notes(meeting.id)
    title = f": {escape(clip(minutes.title, _TITLE))}" if minutes is not None and minutes.title else ""
    link = message_link(store, meeting)
    return f"\n- {meeting_name(meeting)}, {lasted}{title}{f' [notes]({link})' if link else ''}"


def searched(store: Store, guild_id: int, meetings: Sequence[Meeting], words: str) -> str:
    """Show passages with all the words. Raises Refused."""
    shelf = Shelf(store, guild_id, meetings)
    if not has_terms(shelf, words):
        raise Refused(replies.NO_WORDS)
    found = mentions(shelf, words, HITS + 1)
    more = ["There is more. Add a word to narrow it down."] if len(found) > HITS else []
    hits = shelf.hits(found[:HITS])
    return render_hits(
        f"{quoted(words)}, newest first" if hits else f"{quoted(words)}\n{NOTHING}",
        hits,
        (*more, *_limits(shelf)),
    )


def asked(store: Store, guild_id: int, meetings: Sequence[Meeting], question: str) -> str:
    """Show the passages that answer a question best. Raises Refused."""
    shelf = Shelf(store, guild_id, meetings)
    if not has_terms(shelf, question):
        raise Refused(replies.NO_WORDS)
    hits = shelf.hits(answers(shelf, question, _ASKED_HITS))
    return render_hits(f"{quoted(question)}{'' if hits else chr(10) + NO_ANSWER}", hits, _limits(shelf))


def _limits(shelf: Shelf) -> list[str]:
    """Say what was not searched."""
    if not shelf.unsearched:
        return []
    return [f"{count(shelf.unsearched, 'meeting')} not searched yet, because a worker has yet to index them."]
