"""Searching in the meetings of the store."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from notetaker.jobs.so_far import transcript_of
from notetaker.model.meeting import Meeting
from notetaker.model.transcript import Transcript
from notetaker.notes.search.finding import Found, Head
from notetaker.notes.search.index import Index, index
from notetaker.notes.search.ranking import Lines, Places
from notetaker.notes.search.render import Hit
from notetaker.notes.search.snippet import snippet
from notetaker.store.store import Store

_SNIPPET: Final = 140
"""Most characters of an excerpt."""
_UNINDEXED: Final = 5
"""Meetings that are indexed while somebody waits, the newest ones: those that go on, or have just ended."""


class Shelf:
    """The indexes of some meetings: a :class:`~notetaker.notes.search.finding.Shelf`."""

    def __init__(self, store: Store, guild_id: int | None, meetings: Sequence[Meeting]) -> None:
        """``meetings`` are some of a guild, or of any if it is None, newest first. All methods raise StoreError."""
        self._store = store
        self._guild_id = guild_id
        self._meetings = {meeting.id: meeting for meeting in meetings}
        self._heads = {one: head for one, head in store.heads(guild_id).items() if one in self._meetings}
        self._new: dict[str, Index] = {}
        missing = [meeting for meeting in meetings if meeting.id not in self._heads]
        for meeting in missing[:_UNINDEXED]:
            transcript = self._transcript(meeting)
            built = self._new[meeting.id] = _index(transcript)
            self._heads[meeting.id] = Head(built.language, len(built.lines), transcript.speakers)
        self.unsearched = len(missing[_UNINDEXED:])
        """How many of the meetings a worker has yet to index."""

    def heads(self) -> Mapping[str, Head]:
        return self._heads

    def places(self, terms: Collection[str]) -> Mapping[str, Places]:
        stored = self._store.term_places(self._guild_id, terms)
        found = {one: places for one, places in stored.items() if one in self._heads}
        for meeting_id, built in self._new.items():
            if here := {term: built.places[term] for term in terms if term in built.places}:
                found[meeting_id] = here
        return found

    def lines(self, meeting_ids: Collection[str]) -> Mapping[str, Lines]:
        new = {one: built.lines for one, built in self._new.items() if one in meeting_ids}
        return {**self._store.indexed_lines([one for one in meeting_ids if one not in new]), **new}

    def hits(self, found: Sequence[Found]) -> list[Hit]:
        """Return what was found with its text, less what has been deleted since it was indexed."""
        transcripts = {
            one: self._transcript(self._meetings[one]) for one in {each.passage.meeting_id for each in found}
        }
        hits = []
        for each in found:
            passage, meeting = each.passage, self._meetings[each.passage.meeting_id]
            lines = transcripts[meeting.id].lines[passage.first : passage.last + 1]
            if lines:
                shown = snippet(lines, each.terms, each.language, _SNIPPET)
                link = message_link(self._store, meeting, shown.line.utterance_id)
                hits.append(Hit(meeting, lines, shown, link))
        return hits

    def _transcript(self, meeting: Meeting) -> Transcript:
        return transcript_of(self._store, meeting, "UTC")


def message_link(store: Store, meeting: Meeting, utterance_id: str | None = None) -> str | None:
    """Return the address of the message that shows a line, or else of the meeting's notes; None if none is known.

    The notes count only where everyone sees them who sees the meeting.
    """
    live = None if utterance_id is None else store.live_text(meeting.id)
    if live is not None:
        for page in live.pages:
            if utterance_id in page.keys:
                return _address(meeting, live.channel_id, page.message_id)
    posted = store.posted_at(meeting.id)
    if posted is None or posted[0] not in (meeting.text_channel_id, meeting.voice_channel_id):
        return None
    return _address(meeting, *posted)


def _address(meeting: Meeting, channel_id: int, message_id: int) -> str:
    return f"https://discord.com/channels/{meeting.guild_id}/{channel_id}/{message_id}"


def index_all(store: Store, stopped: Callable[[], bool]) -> None:
    """Let the search look in all meetings that have notes. Raises StoreError."""
    for meeting_id in store.unindexed():
        meeting = store.meeting(meeting_id)
        if stopped():
            return
        if meeting is not None:
            store.save_index(meeting_id, _index(transcript_of(store, meeting, "UTC")))


def _index(transcript: Transcript) -> Index:
    return index(transcript.lines, transcript.locale.language)
