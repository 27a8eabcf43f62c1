"""Splits a long passage of speech into parts for an engine, and joins the words of the parts.

Pure. A passage is cut at the best pause between 20 and 28 s. If there is none, the parts overlap, and each word is
taken from the part that has more sound around it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import ceil
from typing import Final

from notetaker.speech.engine import BYTES_PER_SECOND, Word
from notetaker.speech.vad import CHUNK_S

EARLIEST_S: Final = 20.0
"""Shortest part in seconds, except for the last one."""
LONGEST_S: Final = 28.0
"""Longest part in seconds."""
OVERLAP_S: Final = 2.0
"""Seconds that two parts share if there is no pause to cut at, which is longer than any word."""
PAUSE: Final = 0.35
"""Probability of speech below which a chunk may be part of a pause."""
PAUSE_CHUNKS: Final = 5
"""Fewest chunks in a pause (160 ms). Between words there are fewer."""


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a passage. Times are in seconds from the start of the passage, in multiples of ``CHUNK_S``."""

    start_s: float
    end_s: float
    words_from_s: float
    """Time from which words belong to this part and no longer to the one before."""

    def of(self, voice: Sequence[float]) -> list[float]:
        """Return this part of the passage's probabilities."""
        return list(voice[round(self.start_s / CHUNK_S) : ceil(self.end_s / CHUNK_S)])

    def pcm(self, passage: bytes) -> bytes:
        """Return this part of the passage's PCM."""
        return passage[_offset(self.start_s) : _offset(self.end_s)]


def parts(passage: bytes, voice: Sequence[float]) -> Iterator[Part]:
    """Split a passage of PCM. ``voice`` is the probability of speech for every ``CHUNK_S``."""
    chunks = len(voice)
    earliest, longest, overlap = (round(s / CHUNK_S) for s in (EARLIEST_S, LONGEST_S, OVERLAP_S))
    start = words_from = 0
    while chunks - start > longest:
        pause = _pause(voice, start + earliest, start + longest)
        end = start + longest if pause is None else pause
        yield Part(start * CHUNK_S, end * CHUNK_S, words_from * CHUNK_S)
        start = end if pause is not None else end - overlap
        words_from = end if pause is not None else end - overlap // 2
    yield Part(start * CHUNK_S, len(passage) / BYTES_PER_SECOND, words_from * CHUNK_S)


def stitch(found: Sequence[tuple[Part, Sequence[Word]]]) -> list[Word]:
    """Join the words of all parts. Their times become relative to the start of the passage."""
    words: list[Word] = []
    for part, own in found:
        words = _joined(words, [word.moved(part.start_s) for word in own], part)
    return words


def _joined(before: list[Word], after: list[Word], part: Part) -> list[Word]:
    """Append the words of ``part`` (``after``) to those before, switching at a word that is in both.

    If the parts have no word in common, switch at ``words_from_s``, because word times are not exact.
    """
    if part.words_from_s == part.start_s:
        return before + after
    tail = next((n for n, word in enumerate(before) if word.end_s > part.start_s), len(before))
    head = [word for word in after if word.start_s < part.start_s + OVERLAP_S]
    sides = [_key(word) for word in before[tail:]], [_key(word) for word in head]
    same = SequenceMatcher(None, *sides, autojunk=False).find_longest_match()
    if same.size:
        middle = same.size // 2
        return before[: tail + same.a + middle] + after[same.b + middle :]
    return [
        *(word for word in before if _middle_s(word) < part.words_from_s),
        *(word for word in after if _middle_s(word) >= part.words_from_s),
    ]


def _key(word: Word) -> str:
    return "".join(filter(str.isalnum, word.text.lower()))


def _middle_s(word: Word) -> float:
    return (word.start_s + word.end_s) / 2


def to_pieces(words: Sequence[Word], lengths_s: Sequence[float]) -> list[list[Word]]:
    """Assign words to pieces of the passage by their middle. Times become relative to the start of the piece."""
    found: list[list[Word]] = [[] for _ in lengths_s]
    piece, began_s = 0, 0.0
    for word in words:
        while piece + 1 < len(lengths_s) and _middle_s(word) >= began_s + lengths_s[piece]:
            began_s += lengths_s[piece]
            piece += 1
        found[piece].append(
            Word(word.text, max(word.start_s - began_s, 0.0), max(word.end_s - began_s, 0.0), word.confidence)
        )
    return found


def _pause(voice: Sequence[float], earliest: int, latest: int) -> int | None:
    """Return the middle of the longest pause between two chunks, the quietest of equals, or None."""
    best: tuple[int, float, int] | None = None
    begun: int | None = None
    for index in range(earliest, latest + 1):
        quiet = index < latest and voice[index] < PAUSE
        if quiet and begun is None:
            begun = index
        elif not quiet and begun is not None:
            length, loudness = index - begun, sum(voice[begun:index]) / (index - begun)
            if length >= PAUSE_CHUNKS and (best is None or (length, -loudness) > best[:2]):
                best = (length, -loudness, (begun + index) // 2)
            begun = None
    return None if best is None else best[2]


def _offset(seconds: float) -> int:
    return 2 * round(seconds * BYTES_PER_SECOND / 2)
