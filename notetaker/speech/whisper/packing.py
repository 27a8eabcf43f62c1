"""Several clips of one speaker in one window, because a window costs the same however much of it is speech.

Pure. The times of words decide which clip a word belongs to, never those of segments: a segment may span two clips.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from notetaker.speech.engine import Word

PAUSE_S = 1.2
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
    sound_s: tuple[float, float]
    """From where to where it is loud enough to be speech, in seconds from its start."""

    @property
    def end_s(self) -> float:
        return self.start_s + self.length_s


def pack(lengths_s: Sequence[float], sounds_s: Sequence[tuple[float, float]]) -> list[list[Placed]]:
    """Windows, each a run of clips in order; a long clip has one to itself. ``lengths_s``: of each clip, seconds;
    ``sounds_s``: from where to where it is loud enough to be speech.
    """
    windows: list[list[Placed]] = []
    end_s = FULL_S
    for clip, (length_s, sound_s) in enumerate(zip(lengths_s, sounds_s, strict=True)):
        start_s = end_s + PAUSE_S
        if start_s + length_s > FULL_S:
            windows.append([])
            start_s = 0.0
        windows[-1].append(Placed(clip, start_s, length_s, sound_s))
        end_s = start_s + length_s
    return windows


def unpack(window: Sequence[Placed], words: Iterable[Word]) -> list[list[Word]]:
    """The words of each clip of the window, in seconds from that clip's start. Words stay in order."""
    found: list[list[Word]] = [[] for _ in window]
    at = 0
    before: Word | None = None
    for word in words:
        at = _clip(window, at, word, before)
        placed = window[at]
        start_s = min(max(word.start_s - placed.start_s, 0.0), placed.length_s)
        end_s = min(max(word.end_s - placed.start_s, start_s), placed.length_s)
        found[at].append(Word(word.text, start_s, end_s, word.confidence))
        before = word
    return found


def _clip(window: Sequence[Placed], at: int, word: Word, before: Word | None) -> int:
    """Which clip a word is from, ``at`` or a later one: that with which it shares most time, or else the nearest.

    The pause between two clips is a part of the last word before it or of the first word behind it, depending on the
    model. So where a word reaches from one clip into the next, the sentences that the model has made decide.
    """
    nearest = max(range(at, len(window)), key=lambda index: _nearness(window[index], word))
    first = next((index for index in range(at, len(window)) if word.start_s < window[index].end_s), nearest)
    if first + 1 < len(window) and word.end_s > window[first + 1].start_s:
        if _ends_sentence(word):
            return first
        if before is not None and _ends_sentence(before):
            return first + 1
    return nearest


def _ends_sentence(word: Word) -> bool:
    return word.text.rstrip("\"'”’»)").endswith((".", "!", "?", "…", "。", "！", "？", "।", "؟"))


def _nearness(placed: Placed, word: Word) -> float:
    """Seconds that both share; negative: seconds that lie between them.

    Silence at the edges of a clip does not count: what lies between two words is part of one of them or the other.
    """
    begin_s, end_s = (placed.start_s + edge_s for edge_s in placed.sound_s)
    return min(end_s, word.end_s) - max(begin_s, word.start_s)
