"""What /notes list, search and ask answer: Discord messages about some meetings of a server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Refused
from notetaker.jobs.search import Shelf, message_link
from notetaker.model.meeting import Meeting
from notetaker.model.wording import clip, count, duration
from notetaker.notes.markdown import escape, length
from notetaker.notes.render import MESSAGE_LIMIT
from notetaker.notes.search.finding import answers, has_terms, mentions
from notetaker.notes.search.render import (
    HITS,
    Hit,
    Sentence,
    meeting_name,
    quoted,
    render_answer,
    render_hits,
)
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


@dataclass(frozen=True, slots=True)
class Evidence:
    """The passages that answer a question best, the best ones first."""

    question: str
    hits: Sequence[Hit]
    limits: Sequence[str]
    """Sentences that say what was not searched."""

    @property
    def passages(self) -> list[tuple[str, list[str]]]:
        """The meeting and the lines of each passage."""
        return [(hit.meeting.id, [line.utterance_id for line in hit.lines]) for hit in self.hits]


def evidence(store: Store, guild_id: int, meetings: Sequence[Meeting], question: str) -> Evidence:
    """Raises Refused."""
    shelf = Shelf(store, guild_id, meetings)
    if not has_terms(shelf, question):
        raise Refused(replies.NO_WORDS)
    return Evidence(question, shelf.hits(answers(shelf, question, _ASKED_HITS)), _limits(shelf))


def shown(found: Evidence, failed: str | None = None) -> str:
    """Show the passages. ``failed`` says why there is no answer in sentences, if there should be one."""
    ends = [f"I have no answer in words: {escape(failed.rstrip('.'))}."] if failed is not None else []
    heading = quoted(found.question) if found.hits else f"{quoted(found.question)}\n{NO_ANSWER}"
    return render_hits(heading, found.hits, (*ends, *found.limits))


def told(store: Store, found: Evidence, answered: Mapping[str, Any]) -> str:
    """Show what ``jobs.asking`` has answered, or else the passages."""
    if "sentences" not in answered:
        return shown(found, answered.get("failed", "something went wrong"))
    by_id = {line.utterance_id: (hit.meeting, line) for hit in found.hits for line in hit.lines}
    sentences = []
    for text, cites in answered["sentences"]:
        meeting, line = by_id[cites[0]]
        sentences.append(Sentence(text, meeting, line, message_link(store, meeting, line.utterance_id)))
    if not sentences:
        return shown(found, "nothing that I could write was said in these passages")
    checked = f"Written by {escape(answered['by'])} from what was said, which may be misheard."
    return render_answer(quoted(found.question), sentences, (checked, *found.limits))


def _limits(shelf: Shelf) -> list[str]:
    """Say what was not searched."""
    if not shelf.unsearched:
        return []
    return [f"{count(shelf.unsearched, 'meeting')} not searched yet, because a worker has yet to index them."]
