"""A meeting's words: what everyone said, in time order, and what was not heard."""

from dataclasses import dataclass

from notetaker.model.locale import ENGLISH_UTC, Locale
from notetaker.model.meeting import Meeting
from notetaker.model.outcome import Coverage


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
    """Set when the sound is there but could not be transcribed."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which sound was, or may have been, lost."""

    started_ns: int
    ended_ns: int
    cause: str
    """For a reader: "voice session lost (4006)"."""
    user_id: int | None = None
    """The speaker it concerns; None: everyone."""


@dataclass(frozen=True, slots=True)
class Transcript:
    meeting: Meeting
    lines: tuple[Line, ...]
    """Sorted by start."""
    gaps: tuple[Gap, ...]
    """Sorted by start."""
    speakers: dict[int, str]
    """Display names by user id, of everyone who was heard or seen."""
    coverage: tuple[Coverage, ...]
    engines: tuple[str, ...] = ()
    """Which speech engines the words are from, the one with the most lines first: ``whisper-base``."""
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes of the languages that were spoken, as far as the engines know, the most frequent first."""
    locale: Locale = ENGLISH_UTC
    """For the dates and times that people read."""
