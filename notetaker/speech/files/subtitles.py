"""Splits segments into subtitles: cues of two short lines that never overlap."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells

from notetaker.speech.engine import Word
from notetaker.speech.files.transcript import Segment

LINES = 2
COLUMNS = 42
"""Columns in a line. Latin letters take one, Chinese characters two."""
LONGEST_S = 7.0
"""Longest time in seconds that a cue is shown."""
SHORTEST_MS = 500

_STOP = re.compile(r"[,;:.!?…、，；：。！？][\"'”’»)\]]*$")
"""The end of a word after which a cue should end, if it cannot contain the whole sentence."""


class Cue(NamedTuple):
    start_ms: int
    """Start in milliseconds from the start of the file."""
    end_ms: int
    lines: tuple[str, ...]


class Cues:
    """The cues of one file, segment by segment."""

    def __init__(self) -> None:
        self._end_ms = 0

    def of(self, segment: Segment) -> Iterator[Cue]:
        """Yield the cues of the next segment."""
        words = list(_words(segment))
        while words:
            count = _fitting(words)
            start_ms = max(round(1000 * words[0].start_s), self._end_ms)
            self._end_ms = max(round(1000 * words[count - 1].end_s), start_ms + SHORTEST_MS)
            yield Cue(start_ms, self._end_ms, tuple(_lines(words[:count])))
            del words[:count]


def _fitting(words: Sequence[Word]) -> int:
    """Return how many of the words, at least one, make the next cue."""
    fitting = 1
    while fitting < len(words):
        if len(_lines(words[: fitting + 1])) > LINES:
            break
        if words[fitting].end_s - words[0].start_s > LONGEST_S:
            break
        fitting += 1
    if fitting == len(words):
        return fitting
    for count in range(fitting, fitting // 2, -1):
        if _STOP.search(words[count - 1].text):
            return count
    return fitting


def _lines(words: Sequence[Word]) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and cell_len(lines[-1] + word.text) <= COLUMNS:
            lines[-1] += word.text
        else:
            lines.append(word.text.lstrip())
    return lines


def _words(segment: Segment) -> Iterator[Word]:
    """Yield a segment's words, estimating times that are missing and splitting words wider than a line."""
    words = segment.words or _spread(
        re.findall(r"\s*\S+", segment.text), Word("", segment.start_s, segment.end_s, 1)
    )
    for word in words:
        if not word.text.strip():
            continue
        if cell_len(word.text) <= COLUMNS:
            yield word
        else:
            yield from _spread(chop_cells(word.text.strip(), COLUMNS), word)


def _spread(texts: Sequence[str], over: Word) -> Iterator[Word]:
    """Yield each text with its share of the time."""
    total = sum(map(len, texts))
    length_s = over.end_s - over.start_s
    before = 0
    for text in texts:
        start_s, end_s = (over.start_s + length_s * at / total for at in (before, before + len(text)))
        yield Word(text, start_s, end_s, over.confidence)
        before += len(text)
