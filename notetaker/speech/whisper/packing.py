"""Several clips of one speaker in one window, because a window costs the same however much of it is speech.

Pure. Which words belong to which clip is told by the times of words, never by those of segments: a segment may span
two clips.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from notetaker.speech.engine import Word

PAUSE_S = 0.9
"""Seconds of silence between two clips: with less, two sentences become one; with more, the model may stop there."""
FULL_S = 28.0
"""Seconds that a window is filled with at most. The model listens to 30 s, and is poor at the edges."""


@dataclass(frozen=True, slots=True)
class Placed:
    clip: int
    """Index of the clip."""
    start_s: float
    """Where it begins in the window, in seconds."""
    length_s: float


def pack(lengths_s: Sequence[float]) -> list[list[Placed]]:
    """Windows, each a run of clips in order; a long clip has one to itself. ``lengths_s``: of each clip, seconds."""
    windows: list[list[Placed]] = []
    end_s = FULL_S
    for clip, length_s in enumerate(lengths_s):
        start_s = end_s + PAUSE_S
        if start_s + length_s > FULL_S:
            windows.append([])
            start_s = 0.0
        windows[-1].append(Placed(clip, start_s, length_s))
        end_s = start_s + length_s
    return windows


def unpack(window: Sequence[Placed], words: Iterable[Word]) -> list[list[Word]]:
    """The words of each clip of the window, in seconds from that clip's start.

    A word belongs to the clip that it shares most time with, or else is nearest to; words stay in order.
    """
    found: list[list[Word]] = [[] for _ in window]
    at = 0
    for word in words:
        at = max(range(at, len(window)), key=lambda index: _nearness(window[index], word))
        placed = window[at]
        start_s = min(max(word.start_s - placed.start_s, 0.0), placed.length_s)
        end_s = min(max(word.end_s - placed.start_s, start_s), placed.length_s)
        found[at].append(Word(word.text, start_s, end_s, word.confidence))
    return found


def _nearness(placed: Placed, word: Word) -> float:
    """Seconds that both share; negative: seconds that lie between them."""
    return min(placed.start_s + placed.length_s, word.end_s) - max(placed.start_s, word.start_s)
