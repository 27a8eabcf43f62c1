"""The pauses between attempts."""

import random

import pytest

from notetaker.voice.backoff import delay_s


@pytest.mark.parametrize(("failed", "seconds"), [(1, 2), (2, 4), (3, 8), (5, 30), (20, 30)])
def test_pauses_grow_to_half_a_minute(failed: int, seconds: float) -> None:
    assert delay_s(failed, random.Random(1)) == pytest.approx(seconds, rel=0.1)
