"""The functions that run in speech processes: they load the engine once and read utterances from the journal.

``transcriber`` starts these processes. Heavy modules are imported only when ``_recogniser`` is called, never in the
worker.
"""

import functools
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from notetaker.model.utterance import Clip
from notetaker.recording import opus
from notetaker.recording.journal import JournalError, Packet, read_clip
from notetaker.recording.reorder import in_order
from notetaker.speech.decode import decode_passage
from notetaker.speech.engine import Capabilities, EngineError, EngineSettingError, Heard, Hints
from notetaker.speech.engines import EngineSettings, choose
from notetaker.speech.libopus import Decoder, LibopusMissingError
from notetaker.speech.recogniser import Piece, Recogniser
from notetaker.speech.threads import use_one_thread

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClipToHear:
    """A clip to transcribe."""

    clip: Clip
    continues: bool
    """Whether it follows the clip before without a pause."""
    speech_s: float | None = None
    """Seconds of speech, as measured by the draft; None without a draft."""


def lower_priority(increment: int) -> None:
    """Raise this process's niceness. A sandbox may not allow it."""
    with suppress(PermissionError):
        os.nice(increment)


def start(settings: EngineSettings) -> Capabilities:
    """Load the engine and return its capabilities.

    Raises EngineSettingError, and EngineError if there is no Opus decoder.
    """
    try:
        Decoder()
    except LibopusMissingError as error:
        raise EngineError(str(error)) from error
    return _recogniser(settings).engine.capabilities


def draft(settings: EngineSettings, folder: Path, clip: Clip, hints: Hints) -> Heard:
    """Transcribe one utterance of the meeting in ``folder``, thoroughly if the engine needs no second pass.

    Raises EngineError.
    """
    with _as_engine_errors():
        recogniser = _recogniser(settings)
        pieces, undecodable = _pieces(folder, [ClipToHear(clip, continues=False)])
        if recogniser.engine.capabilities.two_passes:
            heard = recogniser.draft(pieces[0], hints)
        else:
            [heard] = recogniser.final(pieces, hints)
        return replace(heard, undecodable=undecodable[0])


def final(settings: EngineSettings, folder: Path, clips: Sequence[ClipToHear], hints: Hints) -> list[Heard]:
    """Transcribe one speaker's utterances thoroughly, in order. Raises EngineError."""
    with _as_engine_errors():
        pieces, undecodable = _pieces(folder, clips)
        found = _recogniser(settings).final(pieces, hints)
        return [replace(heard, undecodable=n) for heard, n in zip(found, undecodable, strict=True)]


@contextmanager
def _as_engine_errors() -> Iterator[None]:
    """Turn any exception into EngineError, so that the worker tries each utterance alone and one costs no other."""
    try:
        yield
    except EngineError:
        raise
    except EngineSettingError as error:  # the model was removed while the worker was running
        raise EngineError(str(error), retryable=True) from error
    except Exception as error:
        log.exception("The speech engine failed")
        raise EngineError("The speech engine failed.") from error


@functools.cache
def _recogniser(settings: EngineSettings) -> Recogniser:
    use_one_thread()
    return Recogniser(choose(settings).load())


def _pieces(folder: Path, clips: Sequence[ClipToHear]) -> tuple[list[Piece], list[int]]:
    """Return the sound of each clip, and how many of its packets could not be decoded."""
    passages: list[list[ClipToHear]] = []
    for one in clips:
        if passages and one.continues:
            passages[-1].append(one)
        else:
            passages.append([one])
    pieces: list[Piece] = []
    undecodable: list[int] = []
    for passage in passages:
        sounds = decode_passage([_packets(folder, one.clip) for one in passage])
        for number, (one, sound) in enumerate(zip(passage, sounds, strict=True)):
            pieces.append(Piece(sound.pcm, continues=number > 0, speech_s=one.speech_s))
            undecodable.append(sound.corrupt)
    return pieces, undecodable


def _packets(folder: Path, clip: Clip) -> list[Packet]:
    """Return the packets of an utterance as they were sent, without those between them that are no Opus.

    Raises EngineError.
    """
    try:
        return in_order(
            packet for packet in read_clip(folder, clip) if opus.duration(packet.opus) is not None
        )
    except OSError as error:  # without the path, because everyone in the channel will read this
        raise EngineError(f"The recording could not be read ({error.strerror}).") from error
    except JournalError as error:
        raise EngineError("The recording is damaged.") from error
