"""Sentences as they were meant: what one person says is joined across the "mm-hmm" of others."""

from collections.abc import Sequence
from dataclasses import dataclass

from notetaker.model.transcript import Line
from notetaker.notes.minutes.spoken import is_back_channel, plain, sentences

_LONGEST = 6
"""Most lines in one statement."""
_BETWEEN = 2
"""Most lines of others within a statement."""
_PAUSE_NS = 20 * 10**9
"""Longest pause within a statement, in which others may speak."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence."""

    text: str
    """Plain, see :func:`~notetaker.notes.minutes.spoken.plain`."""
    speaker: str
    at: tuple[int, ...]
    """Indices of its lines, at least one."""


@dataclass(frozen=True, slots=True)
class Talk:
    """Lines, and what was said in them."""

    lines: tuple[Line, ...]
    plain: tuple[str, ...]
    """The plain text of each line."""
    listening: tuple[bool, ...]
    """For each line, whether somebody only shows that they listen or agree."""
    statements: tuple[Statement, ...]
    """Sorted by their first line. Lines in which somebody only listens are in none."""


def talk(lines: Sequence[Line], *, english: bool = True) -> Talk:
    texts = [plain(line.text, english=english) for line in lines]
    listening = [is_back_channel(text) for text in texts]
    taken: set[int] = set()
    found: list[Statement] = []
    for first in range(len(lines)):
        if listening[first] or first in taken:
            continue
        run = [first]
        while len(run) < _LONGEST and (following := _continued(run[-1], lines, texts, listening)) is not None:
            run.append(following)
            taken.add(following)
        found += _sentences(run, texts, lines[first].speaker)
    return Talk(tuple(lines), tuple(texts), tuple(listening), tuple(found))


def _continued(last: int, lines: Sequence[Line], texts: list[str], listening: list[bool]) -> int | None:
    """Return the index of the line in which the speaker goes on with an unfinished sentence."""
    if texts[last].endswith((".", "?", "!")):
        return None
    for index in range(last + 1, min(last + _BETWEEN + 2, len(lines))):
        if lines[index].user_id == lines[last].user_id:
            soon = lines[index].started_ns - lines[last].ended_ns <= _PAUSE_NS
            return index if soon and texts[index] else None
        if not listening[index]:
            return None
    return None


def _sentences(run: list[int], texts: list[str], speaker: str) -> list[Statement]:
    whole = ""
    starts: list[int] = []
    for index in run:
        whole += " " if whole else ""
        starts.append(len(whole))
        whole += texts[index]
    ends = [*starts[1:], len(whole) + 1]
    found = []
    position = 0
    for sentence in sentences(whole):
        start = whole.index(sentence, position)
        position = start + len(sentence)
        at = tuple(
            index
            for index, begins, ends_at in zip(run, starts, ends, strict=True)
            if begins < position and ends_at > start
        )
        found.append(Statement(sentence, speaker, at))
    return found
