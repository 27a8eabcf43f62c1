"""Waiting for what another process does, or for the local Discord to have seen it: there is nobody who would tell."""

import asyncio
import time
from collections.abc import Callable

POLL_S = 0.2


async def comes_true(holds: Callable[[], bool], within_s: float, poll_s: float = POLL_S) -> bool:
    """Returns as soon as it holds, False if it does not in time."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(poll_s)
    return True
