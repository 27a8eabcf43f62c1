"""A lock that is not meant to be held for ever: whoever judges the process sees that somebody is stuck."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal

from notetaker.voice.clock import Clock


class TimedLock(asyncio.Lock):
    def __init__(self, time: Callable[[], float], patience_s: Callable[[], float]) -> None:
        """``time``: monotonic seconds. Nobody holds it for longer than ``patience_s``, asked when it is taken, or
        than that beyond what he has asked for with ``extend``.
        """
        super().__init__()
        self._time = time
        self._patience_s = patience_s
        self._deadline: float | None = None

    @property
    def overdue_s(self) -> float:
        """How long ago its holder should have let go of it; 0 while all is well."""
        return 0.0 if self._deadline is None else max(self._time() - self._deadline, 0.0)

    def extend(self, seconds: float) -> None:
        """Its holder begins something that is ended after ``seconds`` at the latest."""
        if self._deadline is not None:
            self._deadline = max(self._deadline, self._time() + seconds + self._patience_s())

    async def acquire(self) -> Literal[True]:
        await super().acquire()
        self._deadline = self._time() + self._patience_s()
        return True

    def release(self) -> None:
        self._deadline = None
        super().release()


class HoldersClock:
    """The clock of who works under a ``TimedLock``: it knows how long each step may take, and so the lock does."""

    def __init__(self, clock: Clock, lock: TimedLock) -> None:
        self._clock = clock
        self._lock = lock

    def time(self) -> float:
        return self._clock.time()

    async def sleep(self, seconds: float) -> None:
        self._lock.extend(seconds)
        await self._clock.sleep(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]:
        self._lock.extend(seconds)
        return self._clock.timeout(seconds)
