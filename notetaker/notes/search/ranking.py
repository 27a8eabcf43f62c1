"""Ranks passages of meetings, stretches of some fifty telling words, by how well they answer a question: BM25.

See Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009). That a passage is spoken
by somebody whom the question names counts in its favour.
"""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

_WORDS: Final = 50
"""Telling words that make a passage long enough: about a minute of speech."""
_LINES: Final = 20
"""Most lines of a passage."""
_SATURATION: Final = 1.2
_LENGTH: Final = 0.4
"""BM25's k1 and b."""
_SPEAKERS: Final = 2.0
"""What is spoken by those who are named alone has its score multiplied by one more than this."""

Places = Mapping[str, Sequence[int]]
"""Of each term: the lines of a meeting it was said in, counted from 0 and sorted, twice if a line has it twice."""
Lines = Sequence[tuple[int, int]]
"""Of each line of a meeting: who spoke (user id), and how many words it has that say what it is about,
which are at least one if it has any term."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is sought in a meeting."""

    weights: Mapping[str, float]
    """How much each term counts."""
    speakers: Collection[int] = ()
    """User ids of those whom the question names."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Neighbouring lines of a meeting."""

    meeting_id: str
    first: int
    last: int
    score: float


def rarities(found: Collection[Places], lines: int) -> dict[str, float]:
    """Return how much each term tells, being rare. ``lines`` is how many there are in all meetings."""
    having = Counter({term: 0 for places in found for term in places})
    for places in found:
        for term, numbers in places.items():
            having[term] += len(set(numbers))
    return {term: math.log(1 + max(lines - n, 0.5) / (n + 0.5)) for term, n in having.items()}


def promise(places: Places, sought: Sought, rarity: Mapping[str, float]) -> float:
    """Return a meeting's score as if it were one passage."""
    return sum(
        weight * rarity[term] * _saturated(len(places[term]), 1.0)
        for term, weight in sought.weights.items()
        if places.get(term)
    )


def passages(
    meeting_id: str,
    lines: Lines,
    places: Places,
    sought: Sought,
    rarity: Mapping[str, float],
    *,
    every: bool = False,
) -> Iterator[Passage]:
    """Yield the passages of a meeting that have a term that is sought, or ``every`` term, the best ones first.

    None overlaps a better one.
    """
    wanted = [
        (places[term], weight * rarity[term]) for term, weight in sought.weights.items() if places.get(term)
    ]
    if not wanted or (every and len(wanted) < len(sought.weights)):
        return
    wanted.sort(key=lambda one: len(one[0]))  # the rarest first, which most passages lack
    if every and not _are_near([numbers for numbers, _ in wanted]):
        return
    length = list(accumulate((words for _, words in lines), initial=0))
    named = list(accumulate((words * (user_id in sought.speakers) for user_id, words in lines), initial=0))
    ranked: list[Passage] = []
    for first, last in _stretches(lines):
        counts = []
        for numbers, _ in wanted:
            counts.append(bisect_right(numbers, last) - bisect_left(numbers, first))
            if every and not counts[-1]:
                break
        if not (counts[-1] if every else any(counts)):
            continue
        spoken = length[last + 1] - length[first]
        relative = 1 - _LENGTH + _LENGTH * spoken / _WORDS
        score = sum(
            worth * _saturated(count, relative) for count, (_, worth) in zip(counts, wanted, strict=True)
        )
        share = (named[last + 1] - named[first]) / spoken
        ranked.append(Passage(meeting_id, first, last, score * (1 + _SPEAKERS * share)))
    ranked.sort(key=lambda passage: (-passage.score, passage.first))
    apart: list[Passage] = []
    for passage in ranked:
        if all(passage.last < other.first or other.last < passage.first for other in apart):
            apart.append(passage)
            yield passage


def _are_near(places: Sequence[Sequence[int]]) -> bool:
    """Return whether all terms are near each other anywhere, which is quicker to see than in which passage."""
    rarest, *others = places
    return any(
        all(bisect_left(other, at - _LINES) < bisect_right(other, at + _LINES) for other in others)
        for at in rarest
    )


def _saturated(count: int, length: float) -> float:
    """Return what a term counts that is said so often; ``length`` is relative to the usual."""
    return count * (_SATURATION + 1) / (count + _SATURATION * length)


def _stretches(lines: Lines) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line of every passage. They overlap."""
    last, words, ended = -1, 0, -1
    for first, (_, own) in enumerate(lines):
        if last < first:
            last, words = first, own
        while last + 1 < len(lines) and words < _WORDS and last - first + 1 < _LINES:
            last += 1
            words += lines[last][1]
        if own and last > ended:
            ended = last
            yield first, last
        words -= own
