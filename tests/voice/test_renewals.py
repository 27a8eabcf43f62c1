"""How often a path that keeps looking dead brings a new session."""

from itertools import pairwise

import pytest

from notetaker.model.failure import DeadPath
from notetaker.voice.renewals import FIRST_S, MOST_S, Renewals

EVERY_S = 5.0
"""How often a dead path is told."""


def times(cause: DeadPath, seconds: float) -> list[float]:
    renewals = Renewals()
    told = [n * EVERY_S for n in range(round(seconds / EVERY_S))]
    return [now for now in told if renewals.allow(cause, now)]


@pytest.mark.parametrize("cause", list(DeadPath))
def test_the_first_one_comes_at_once_and_the_pauses_grow(cause: DeadPath) -> None:
    made = times(cause, 40 * MOST_S[cause])
    pauses = [after - before for before, after in pairwise(made)]
    assert made[0] == 0
    assert pauses[:3] == [FIRST_S[cause] * factor for factor in (1, 2, 4)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == MOST_S[cause]


def test_a_path_that_dies_now_and_then_is_replaced_at_once_each_time() -> None:
    renewals = Renewals()
    assert all(renewals.allow(DeadPath.MOVED, hour * 3600.0 / 4) for hour in range(20))


def test_doubt_does_not_delay_certainty() -> None:
    renewals = Renewals()
    assert renewals.allow(DeadPath.UNHEARD, 0)
    assert not renewals.allow(DeadPath.UNHEARD, 60)
    assert renewals.allow(DeadPath.SILENT, 60)
