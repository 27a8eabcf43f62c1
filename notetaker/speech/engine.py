"""The interface of a speech engine: sound in, words with times out.

Engines know nothing of Discord, meetings or packets. Each is a small file or folder, listed in ``engines`` and
imported only when it is chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

SAMPLE_RATE = 16_000
"""Sample rate in hertz of the sound for engines, which is mono, signed 16-bit little-endian PCM."""
BYTES_PER_SECOND = 2 * SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    """The word as written, with its punctuation, and with the space before it if its language has one."""
    start_s: float
    """Start in seconds from the start of the clip."""
    end_s: float
    confidence: float
    """Confidence from 0 to 1."""

    def moved(self, by_s: float) -> "Word":
        """Return the word with both times shifted."""
        return replace(self, start_s=self.start_s + by_s, end_s=self.end_s + by_s)


@dataclass(frozen=True, slots=True)
class Heard:
    """An engine's result for one clip."""

    text: str = ""
    """The text, empty if there were no words."""
    words: tuple[Word, ...] = ()
    """The same words with times; empty if the engine measures none."""
    language: str | None = None
    """ISO 639-1 code of the language, if the engine knows it."""
    speech_s: float | None = None
    """Seconds of speech in the clip: 0 if no voice was found; None if not measured. Engines do not set it."""
    undecodable: int | None = None
    """Packets of the clip that the decoder rejected; None if not counted. Engines do not set it."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known about clips in advance, and how to transcribe them."""

    language: str | None = None
    """ISO 639-1 code; None to detect the language, if the engine can."""
    vocabulary: tuple[str, ...] = ()
    """Names and terms that are likely to come up."""
    thorough: bool = False
    """Whether accuracy matters most, and word times are needed. If not, speed matters most, as for a draft."""
    doubtful: bool = False
    """Whether there may be no speech at all. An engine that also doubts it should return no text."""
    careful: bool = False
    """Whether the first result was suspicious: too few words, or many repetitions."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    languages: frozenset[str] | None
    """ISO 639-1 codes of the supported languages; None if unknown."""
    word_times: bool
    """Whether a thorough pass returns word times."""
    two_passes: bool = False
    """Whether a thorough pass over several clips is better than a draft of each, and worth its time."""
    local: bool = True
    """Whether the sound stays on this host."""


class Engine(Protocol):
    """Turns speech into text. Each speech process creates one, and uses it from one thread at a time."""

    @property
    def name(self) -> str:
        """The name in transcripts, notes and logs, such as ``whisper-base``."""

    @property
    def capabilities(self) -> Capabilities: ...

    def transcribe(self, clips: Sequence[bytes], hints: Hints) -> list[Heard]:
        """Transcribe clips of one speaker, in the order they were spoken.

        A clip is PCM (see ``SAMPLE_RATE``) of at most 30 s. Blocks until done. Raises :class:`EngineError`.
        """


class EngineError(Exception):
    """The sound could not be transcribed. The message is a sentence, which the transcript shows instead of words."""

    def __init__(self, sentence: str, *, retryable: bool = False) -> None:
        """``retryable`` if the sound is not to blame and the engine may recover, as an unreachable server may."""
        super().__init__(sentence)
        self.retryable = retryable


class EngineSettingError(ValueError):
    """The settings do not give a usable engine. The message is a sentence that begins with the setting's name."""
