"""What runs in a speech process: the engine, loaded once, and the sound of utterances read from the journal.

Started by ``transcriber``. Nothing heavy is imported before ``_recogniser`` is called, and never in the worker.
"""

import functools
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from notetaker.model.utterance import Clip
from notetaker.recording.journal import JournalError, Packet, read_clip
from notetaker.speech.decode import decode
from notetaker.speech.engine import SAMPLE_RATE, Capabilities, EngineError, EngineSettingError, Heard, Hints
from notetaker.speech.engines import EngineSettings, choose
from notetaker.speech.libopus import Decoder, LibopusMissingError
from notetaker.speech.recogniser import Piece, Recogniser
from notetaker.speech.threads import use_one_thread

log = logging.getLogger(__name__)

_RTP_RATE = 48_000
_LONGEST_JOINED_S = 600.0
"""Seconds: an RTP clock that says more between two utterances without a pause cannot be trusted."""


@dataclass(frozen=True, slots=True)
class ClipToHear:
    clip: Clip
    continues: bool
    """It follows the clip before without a pause."""
    speech_s: float | None = None
    """Seconds in which somebody speaks, as the draft found; None: there is none."""


def be_nice(increment: int) -> None:
    """Lowers the priority of this process. A sandbox may not allow it."""
    with suppress(PermissionError):
        os.nice(increment)


def start(settings: EngineSettings) -> Capabilities:
    """Loads the engine; says what it can do. Raises EngineSettingError, and EngineError without an Opus decoder."""
    try:
        Decoder()
    except LibopusMissingError as error:
        raise EngineError(str(error)) from error
    return _recogniser(settings).engine.capabilities


def draft(settings: EngineSettings, folder: Path, clip: Clip, hints: Hints) -> Heard:
    """The words of one utterance of the meeting in ``folder``: the lasting ones, if no second pass is worth it.

    Raises EngineError.
    """
    with _as_engine_errors():
        recogniser = _recogniser(settings)
        pieces = _pieces(folder, [ClipToHear(clip, continues=False)])
        if recogniser.engine.capabilities.two_passes:
            return recogniser.draft(pieces[0], hints)
        return recogniser.final(pieces, hints)[0]


def final(settings: EngineSettings, folder: Path, clips: Sequence[ClipToHear], hints: Hints) -> list[Heard]:
    """The words of one speaker's utterances, in order. Raises EngineError."""
    with _as_engine_errors():
        return _recogniser(settings).final(_pieces(folder, clips), hints)


@contextmanager
def _as_engine_errors() -> Iterator[None]:
    """Any failure becomes an EngineError: the worker then tries each utterance alone, and one costs no other."""
    try:
        yield
    except EngineError:
        raise
    except EngineSettingError as error:  # the model was removed while the worker runs
        raise EngineError(str(error), retryable=True) from error
    except Exception as error:
        log.exception("The speech engine has failed")
        raise EngineError("The speech engine failed.") from error


@functools.cache
def _recogniser(settings: EngineSettings) -> Recogniser:
    use_one_thread()
    return Recogniser(choose(settings).load())


def _pieces(folder: Path, clips: Sequence[ClipToHear]) -> list[Piece]:
    packets = [_packets(folder, one.clip) for one in clips]
    pieces: list[Piece] = []
    passage: list[list[Packet]] = []
    for one, own in zip(clips, packets, strict=True):
        if passage and not (one.continues and _follows(passage[-1], own)):
            pieces += _decoded(passage)
            passage = []
        passage.append(own)
    pieces += _decoded(passage)
    return [replace(piece, speech_s=one.speech_s) for piece, one in zip(pieces, clips, strict=True)]


def _decoded(passage: Sequence[Sequence[Packet]]) -> list[Piece]:
    """Utterances without a pause between them are decoded as one: a decoder's first 80 ms are poor."""
    pcm = decode(packet for packets in passage for packet in packets)
    first = passage[0][0].timestamp
    begins = [2 * ((own[0].timestamp - first) % 2**32 * SAMPLE_RATE // _RTP_RATE) for own in passage]
    ends = [*begins[1:], len(pcm)]
    return [
        Piece(pcm[begin:end], continues=number > 0)
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True))
    ]


def _follows(before: Sequence[Packet], after: Sequence[Packet]) -> bool:
    elapsed = (after[0].timestamp - before[0].timestamp) % 2**32
    return elapsed < _LONGEST_JOINED_S * _RTP_RATE


def _packets(folder: Path, clip: Clip) -> list[Packet]:
    try:
        return read_clip(folder, clip)
    except OSError as error:  # without the path: everyone in the channel will read this
        raise EngineError(f"The recording could not be read ({error.strerror}).") from error
    except JournalError as error:
        raise EngineError("The recording is damaged.") from error
