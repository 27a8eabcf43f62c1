"""How long to wait before the next attempt."""

import random

BASE_S = 2.0
MAX_S = 30.0
JITTER = 0.1
"""Delays vary by up to this share, so that many guilds do not come back in step."""


def delay_s(failed_attempts: int, rng: random.Random) -> float:
    """Return the seconds to wait after the n-th failed attempt: 2, 4, 8, 16, 30, 30, ... with jitter."""
    return min(BASE_S * 2.0 ** (failed_attempts - 1), MAX_S) * rng.uniform(1 - JITTER, 1 + JITTER)
