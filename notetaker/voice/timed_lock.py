"""A lock that is not meant to be held for ever: whoever judges the process sees that somebody is stuck."""

import asyncio
from collections.abc import Callable
from typing import Literal


class TimedLock(asyncio.Lock):
    def __init__(self, time: Callable[[], float], patience_s: Callable[[], float]) -> None:
        """``time``: monotonic seconds. ``patience_s``, asked when it is taken: longer than that nobody holds it."""
        super().__init__()
        self._time = time
        self._patience_s = patience_s
        self._deadline: float | None = None

    @property
    def overdue_s(self) -> float:
        """How long ago its holder should have let go of it; 0 while all is well."""
        return 0.0 if self._deadline is None else max(self._time() - self._deadline, 0.0)

    async def acquire(self) -> Literal[True]:
        await super().acquire()
        self._deadline = self._time() + self._patience_s()
        return True

    def release(self) -> None:
        self._deadline = None
        super().release()
