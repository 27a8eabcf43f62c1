"""A meeting's transcript: what everyone said, in time order, and what is missing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from notetaker.model.locale import ENGLISH_UTC, Locale
from notetaker.model.mark import Mark
from notetaker.model.meeting import Meeting, Place
from notetaker.model.outcome import Coverage
from notetaker.model.use import Use
from notetaker.model.vocabulary import Entry


@dataclass(frozen=True, slots=True)
class Line:
    """One transcribed utterance."""

    utterance_id: str
    user_id: int
    speaker: str
    """Display name."""
    started_ns: int
    ended_ns: int
    text: str
    error: str | None = None
    """Why the sound could not be transcribed; None if it could."""


EMPTY = "nobody was in the voice channel"
MOVED = "the note-taker had been moved to another voice channel"
UNSHOWN = "people there could not be shown that they were recorded"
PAUSES = frozenset({EMPTY, MOVED, UNSHOWN})
"""Causes of gaps in which nothing was to be recorded, so that nothing is missing; besides ``paused_by``."""
_PAUSED_THE_NOTES = " paused the notes"


def paused_by(name: str) -> str:
    """Return the cause of a gap that a person wanted. ``name`` is what they are called."""
    return name + _PAUSED_THE_NOTES


def is_pause(cause: str) -> bool:
    """Return whether nothing was to be recorded in a gap of this cause."""
    return cause in PAUSES or cause.endswith(_PAUSED_THE_NOTES)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time in which sound is missing, or may be; or a pause."""

    started_ns: int
    ended_ns: int
    cause: str
    """Text for people, such as "voice session lost (4006)"."""
    user_id: int | None = None
    """The speaker it concerns; None if it concerns everyone."""

    @property
    def is_pause(self) -> bool:
        return is_pause(self.cause)


@dataclass(frozen=True, slots=True)
class Transcript:
    meeting: Meeting
    lines: tuple[Line, ...]
    """Lines sorted by start."""
    gaps: tuple[Gap, ...]
    """Gaps sorted by start."""
    speakers: dict[int, str]
    """Display names by user id, of everyone who was heard or seen."""
    coverage: tuple[Coverage, ...]
    uses: Mapping[int, Counter[Use]]
    """By user id: what became of the packets that are stored."""
    engines: tuple[str, ...] = ()
    """Names of the speech engines, such as ``whisper-base``, the one with the most lines first."""
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes of the detected languages, the most frequent first."""
    locale: Locale = ENGLISH_UTC
    """How dates and times are written."""
    marks: tuple[Mark, ...] = ()
    """Moments that somebody marked, sorted by time."""
    places: tuple[Place, ...] = ()
    """The voice channels that the meeting has been in, in order; empty if it never left the first one."""
    spellings: tuple[str, ...] = ()
    """Names and terms that may come up, as they are spelled."""
    corrected: Mapping[Entry, int] = field(default_factory=dict)
    """How often the lines have a term in place of what speech to text wrote; the stored texts have that."""

    @property
    def channels(self) -> str:
        """The names of the voice channels that the meeting has been in: ``Standup, Planning``."""
        names = dict.fromkeys(place.name for place in self.places) or (self.meeting.voice_channel_name,)
        return ", ".join(names)
