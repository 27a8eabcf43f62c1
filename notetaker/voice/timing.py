"""The time, waiting for it, and a lock that shows when its holder is stuck.

The clock is passed in, so that a test need not wait out a minute of backing off.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol


class Clock(Protocol):
    def time(self) -> float:
        """Return monotonic seconds."""

    async def sleep(self, seconds: float) -> None: ...

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]:
        """Limit a block of code, as ``asyncio.timeout`` does; raise ``TimeoutError`` if it takes longer."""


class LoopClock:
    """The event loop's clock. Create it inside the running loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def time(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]:
        return asyncio.timeout(seconds)


class TimedLock(asyncio.Lock):
    """A lock that is released within ``patience_s``, plus the time that its holder asks for with ``extend``."""

    def __init__(self, time: Callable[[], float], patience_s: Callable[[], float]) -> None:
        """``time`` returns monotonic seconds; ``patience_s`` is called whenever the lock is taken."""
        super().__init__()
        self._time = time
        self._patience_s = patience_s
        self._deadline: float | None = None

    @property
    def overdue_s(self) -> float:
        """Seconds since the lock should have been released; 0 while all is well."""
        return 0.0 if self._deadline is None else max(self._time() - self._deadline, 0.0)

    def extend(self, seconds: float) -> None:
        """Allow the holder a step that takes up to ``seconds``."""
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
    """A clock for the holder of a ``TimedLock``: each wait extends the lock."""

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
