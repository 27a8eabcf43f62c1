"""Counts which items are right, as ``labelled`` says what is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NEAR = 2
"""Turns by which a citation may miss a label."""
_NEAR_BORDERLINE = 1

Turns = Sequence[int]


@dataclass(frozen=True, slots=True)
class Score:
    right: int = 0
    """Items that hit a label."""
    wrong: int = 0
    """Items that hit none, and nothing borderline."""
    found: int = 0
    """Labels that an item hit."""
    labels: int = 0

    @classmethod
    def of(cls, items: Sequence[Turns], labels: Sequence[Turns], borderline: Sequence[Turns]) -> "Score":
        right = [item for item in items if any(near(item, label, _NEAR) for label in labels)]
        return cls(
            right=len(right),
            wrong=len(wrong(items, labels, borderline)),
            found=sum(any(near(item, label, _NEAR) for item in items) for label in labels),
            labels=len(labels),
        )

    @property
    def precision(self) -> float:
        """Without items, 1."""
        items = self.right + self.wrong
        return self.right / items if items else 1.0

    @property
    def recall(self) -> float:
        """Without labels, 1."""
        return self.found / self.labels if self.labels else 1.0


def wrong(items: Sequence[Turns], labels: Sequence[Turns], borderline: Sequence[Turns]) -> list[int]:
    """Return the numbers of the items that are wrong."""
    return [
        number
        for number, item in enumerate(items)
        if not any(near(item, label, _NEAR) for label in labels)
        and not any(near(item, turns, _NEAR_BORDERLINE) for turns in borderline)
    ]


def total(scores: Iterable[Score]) -> Score:
    """Return the score of several meetings together."""
    every = list(scores)
    return Score(
        sum(one.right for one in every),
        sum(one.wrong for one in every),
        sum(one.found for one in every),
        sum(one.labels for one in every),
    )


def near(cited: Turns, label: Turns, distance: int) -> bool:
    return any(abs(one - other) <= distance for one in cited for other in label)
