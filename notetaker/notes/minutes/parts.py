"""Cuts a transcript into parts of some minutes, as its lines become known."""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from notetaker.model.minutes import Part
from notetaker.model.transcript import Line, Transcript
from notetaker.model.wording import SECOND_NS
from notetaker.notes.minutes.spoken import stems

_SHORTEST_NS = 150 * SECOND_NS
_LONGEST_NS = 420 * SECOND_NS
_WINDOW = 12
"""Lines before and after a boundary whose words are compared (Hearst, "TextTiling", 1997)."""
_PAUSE_NS = 30 * SECOND_NS
"""A pause that ends a part at once, if it is long enough."""
_PAUSE_WEIGHT = 0.02
"""What each second of a pause is worth, beside a change of subject of 0 to 1."""
_BEFORE = 6
"""Last lines of the part before that a part comes with."""


def parts(
    lines: Sequence[Line], people: Sequence[str], language: str = "en", *, ended: bool
) -> tuple[Part, ...]:
    """Return the parts that are complete; when the meeting has ended, all of them.

    ``lines`` must be sorted by start, and nothing may be missing before the last of them. Then the same parts are
    returned again, followed by new ones, when there are more lines.
    """
    said = [line for line in lines if line.error is None and line.text.strip()]
    subjects = [stems(line.text) for line in said]
    found: list[Part] = []
    start = 0
    while start < len(said):
        end = _end(said, subjects, start, ended)
        if end is None:
            break
        before = tuple(said[max(0, start - _BEFORE) : start])
        found.append(Part(len(found), tuple(said[start:end]), tuple(people), language, before))
        start = end
    return tuple(found)


def keyed_parts(transcript: Transcript, before_ns: int | None = None) -> dict[str, Part]:
    """Return the parts of a meeting that has ended, or the complete ones of what was said before ``before_ns``.

    A key is different if a part has other lines: when something was said that was not known yet.
    """
    lines = [line for line in transcript.lines if before_ns is None or line.started_ns < before_ns]
    people, language = tuple(transcript.speakers.values()), transcript.locale.language
    cut = parts(lines, people, language, ended=before_ns is None)
    return {_key(part): replace(part, spellings=transcript.spellings) for part in cut}


def _key(part: Part) -> str:
    """Return the number of a part, for readers of the database, and a digest of what it consists of."""
    said = "\n".join((part.language, *(f"{line.utterance_id} {line.text}" for line in part.lines)))
    return f"{part.number}.{hashlib.sha256(said.encode(errors='surrogatepass')).hexdigest()[:16]}"


def _end(said: Sequence[Line], subjects: Sequence[set[str]], start: int, ended: bool) -> int | None:
    """Return where the part that begins at ``start`` ends; None if that is not known yet."""
    candidates: dict[int, float] = {}
    for index, (line, following) in enumerate(pairwise(said[start:]), start + 1):
        lasts = line.ended_ns - said[start].started_ns
        pause = following.started_ns - line.ended_ns
        if lasts < _SHORTEST_NS:
            continue
        if pause >= _PAUSE_NS:
            return index
        if lasts > _LONGEST_NS:
            known = ended or len(said) >= index + _WINDOW  # the words after each candidate, too
            return max(candidates, key=candidates.__getitem__, default=index) if known else None
        candidates[index] = _change(subjects, index) + _PAUSE_WEIGHT * pause / SECOND_NS
    return len(said) if ended else None


def _change(subjects: Sequence[set[str]], index: int) -> float:
    """Return how little the words before and after ``index`` have in common, from 0 to 1."""
    before = Counter(word for words in subjects[max(0, index - _WINDOW) : index] for word in words)
    after = Counter(word for words in subjects[index : index + _WINDOW] for word in words)
    shared = sum(number * after[word] for word, number in before.items())
    size = math.sqrt(sum(n * n for n in before.values()) * sum(n * n for n in after.values()))
    return 1 - shared / size if size else 1.0
