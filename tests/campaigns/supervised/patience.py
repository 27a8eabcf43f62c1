"""Waiting for what other processes do: there is nobody who would tell."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

POLL_S = 0.1


class Wrong(Exception):
    """Something is not as it should be. One sentence, perhaps with what was seen instead."""


def expect(holds: object, sentence: str) -> None:
    """Raises Wrong, with what should hold, when it does not."""
    if not holds:
        raise Wrong(sentence)


async def until(holds: Callable[[], Awaitable[object]], within_s: float, sentence: str) -> float:
    """Returns after how many seconds it held. Raises Wrong when it does not in time."""
    began = time.monotonic()
    while not await holds():
        if time.monotonic() - began >= within_s:
            raise Wrong(f"{sentence} (not within {within_s:.0f} s)")
        await asyncio.sleep(POLL_S)
    return time.monotonic() - began
