"""What is known of a meeting while it goes on: its transcript, its complete parts, and the minutes of those."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from notetaker.model.meeting import Meeting
from notetaker.model.minutes import Minutes, Part, Summary
from notetaker.model.notes_kind import NotesKind
from notetaker.model.transcript import Transcript
from notetaker.model.vocabulary import Entry
from notetaker.notes.kinds import MEETING
from notetaker.notes.merge import merge
from notetaker.notes.minutes.joining import join
from notetaker.notes.minutes.parts import keyed_parts
from notetaker.store.store import Store

LATE_NS = 40_000_000_000
"""An utterance lasts up to 28 s, and takes a moment until it is stored. Minutes are not made of what is younger."""


@dataclass(frozen=True, slots=True)
class SoFar:
    transcript: Transcript
    minutes: Minutes
    """Without a summary."""
    until_ns: int
    """Until when they tell what was said, in Unix nanoseconds."""


def transcript_of(store: Store, meeting: Meeting, time_zone: str, terms: Sequence[str] = ()) -> Transcript:
    """Return all that has become text. ``terms`` are the operator's vocabulary, ``time_zone`` is the one of meetings
    that have none of their own.
    """
    return merge(
        meeting,
        store.transcribed(meeting.id),
        store.speakers(meeting.id),
        store.gaps(meeting.id),
        store.coverage(meeting.id),
        meeting.time_zone or time_zone,
        store.marks(meeting.id),
        store.places(meeting),
        vocabulary_of(store, meeting, terms),
    )


def vocabulary_of(store: Store, meeting: Meeting, terms: Sequence[str]) -> list[Entry]:
    """Return what the meeting's server has entered, and then the operator's ``terms``."""
    return [*store.vocabulary(meeting.guild_id), *map(Entry, terms)]


def known_parts(store: Store, transcript: Transcript) -> dict[str, Part]:
    """Return the parts that are complete and whose texts are final, by key; after the meeting, all parts."""
    meeting = transcript.meeting
    if meeting.ended_ns is not None:
        return keyed_parts(transcript)
    starts = [one.started_ns for one in store.unfinished(meeting.id)]
    ends = [one.ended_ns - LATE_NS for one in store.utterances(meeting.id)]
    return keyed_parts(transcript, min((*starts, max(ends, default=0))))


def so_far(store: Store, meeting: Meeting, time_zone: str, kind: NotesKind = MEETING) -> SoFar:
    """Return the minutes of the first parts, as far as they are written."""
    transcript = transcript_of(store, meeting, time_zone)
    written = store.parts(meeting.id)
    told = list(takewhile(lambda known: known[0] in written, known_parts(store, transcript).items()))
    return SoFar(
        transcript,
        join([written[key] for key, _ in told], Summary("", (), ""), kind),
        told[-1][1].lines[-1].ended_ns if told else meeting.started_ns,
    )
