"""A lock that knows for how long it has been held: one that is held for ever shows that somebody is stuck."""

import asyncio
from collections.abc import Callable
from typing import Literal


class HeldLock(asyncio.Lock):
    def __init__(self, time: Callable[[], float]) -> None:
        """``time``: monotonic seconds."""
        super().__init__()
        self._time = time
        self._taken_at: float | None = None

    @property
    def held_s(self) -> float:
        """By whoever holds it now; 0 when nobody does."""
        return 0.0 if self._taken_at is None else self._time() - self._taken_at

    async def acquire(self) -> Literal[True]:
        await super().acquire()
        self._taken_at = self._time()
        return True

    def release(self) -> None:
        self._taken_at = None
        super().release()
