"""What a speech engine is: sound in, words with times out.

Engines know nothing of Discord, meetings or packets. Each is one small file or folder, listed in ``engines`` and
imported only when it is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

SAMPLE_RATE = 16_000
"""Hertz, of all sound that engines hear: mono, signed 16-bit little-endian PCM."""
BYTES_PER_SECOND = 2 * SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    """As it is written, with its punctuation, and with the blank before it where its language has one."""
    start_s: float
    """Seconds from the start of the clip."""
    end_s: float
    confidence: float
    """From 0 to 1."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine made of one clip."""

    text: str = ""
    """Empty when there were no words."""
    words: tuple[Word, ...] = ()
    """The same words with times; empty when the engine gives none."""
    language: str | None = None
    """ISO 639-1 code of the language that was spoken, as far as the engine knows."""
    speech_s: float | None = None
    """Seconds of the clip in which somebody speaks; None: not measured. Engines leave it alone."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known about the clips beforehand."""

    language: str | None = None
    """ISO 639-1 code; None: to be detected, by engines that can."""
    vocabulary: tuple[str, ...] = ()
    """Names and terms that are likely to come up."""
    thorough: bool = False
    """False: a draft, as fast as can be. True: as well as can be, with the times of words."""
    doubtful: bool = False
    """It is not certain that somebody speaks at all: an engine that hears none either is to answer nothing."""
    careful: bool = False
    """The first result was suspicious: too few words, or the same ones over and over."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    languages: frozenset[str] | None
    """ISO 639-1 codes of the languages that it understands; None: not known, perhaps all."""
    word_times: bool
    """Whether a thorough pass gives the times of words."""
    two_passes: bool = False
    """Whether a thorough pass over several clips is better than a draft of each: worth the time it takes."""
    local: bool = True
    """Whether the sound stays on this host."""


class Engine(Protocol):
    """Turns speech into text. Made once in each speech process, and used there by one thread at a time."""

    @property
    def name(self) -> str:
        """What the transcript, the log and the notes call it, for example ``whisper-base``."""

    @property
    def capabilities(self) -> Capabilities: ...

    def transcribe(self, clips: Sequence[bytes], hints: Hints) -> list[Heard]:
        """The words of each clip, all of one speaker, in the order in which they were said.

        A clip is PCM as ``SAMPLE_RATE`` says, of at most 30 s. Blocks until done. Raises :class:`EngineError`.
        """


class EngineError(Exception):
    """The sound could not be transcribed. One sentence, which the transcript shows in place of the words."""

    def __init__(self, sentence: str, *, retryable: bool = False) -> None:
        """``retryable``: the sound is not to blame, and the engine may be back later, as a server that is away."""
        super().__init__(sentence)
        self.retryable = retryable

    def __reduce__(self) -> tuple[object, ...]:  # it crosses from the speech process to the worker
        return _rebuild, (str(self), self.retryable)


def _rebuild(sentence: str, retryable: bool) -> EngineError:
    return EngineError(sentence, retryable=retryable)


class EngineSettingError(ValueError):
    """No engine can be had with these settings. One sentence for the administrator, beginning with the setting."""
