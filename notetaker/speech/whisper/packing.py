"""Packs several clips of one speaker into a window, because a window costs the same with any amount of speech.

Pure. Words are assigned to clips by word times, never by segment times, because a segment may span two clips.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from notetaker.speech.engine import Word

PAUSE_S = 1.2
"""Seconds of silence between two clips. With less, two sentences become one; with more, the model may stop there."""
FULL_S = 28.0
"""Most seconds in a window. The model's limit is 30 s, but it is poor at the edges."""


@dataclass(frozen=True, slots=True)
class Placed:
    clip: int
    """Index of the clip."""
    start_s: float
    """Start of the clip in the window, in seconds."""
    length_s: float
    sound_s: tuple[float, float]
    """Start and end of what is loud enough to be speech, in seconds from the start of the clip."""

    @property
    def end_s(self) -> float:
        return self.start_s + self.length_s


def pack(lengths_s: Sequence[float], sounds_s: Sequence[tuple[float, float]]) -> list[list[Placed]]:
    """Pack clips into windows, in order; a long clip gets its own. ``lengths_s`` are the lengths of the clips,
    ``sounds_s`` are start and end of what is loud enough to be speech in each.
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
    """Assign words to the clips of the window, in order. Times become relative to the start of the clip."""
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
    """Return the clip that a word is from, ``at`` or later: the one that it overlaps most, or else the nearest.

    Depending on the model, the pause between two clips is part of the last word before it or of the first word after
    it. So if a word reaches from one clip into the next, the model's sentences decide.
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
    """Return the seconds of overlap, or minus the seconds between them.

    Silence at the edges of a clip does not count, because the time between two words is part of either.
    """
    begin_s, end_s = (placed.start_s + edge_s for edge_s in placed.sound_s)
    return min(end_s, word.end_s) - max(begin_s, word.start_s)
