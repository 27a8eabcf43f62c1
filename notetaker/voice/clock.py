"""The time, and waiting for it: passed in, so that a test need not wait out a minute of backing off."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Clock(Protocol):
    def time(self) -> float:
        """Monotonic seconds."""

    async def sleep(self, seconds: float) -> None: ...

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]:
        """As ``asyncio.timeout``: what takes longer is cancelled and becomes ``TimeoutError``."""


class LoopClock:
    """The event loop's own. Create it inside the running loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def time(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]:
        return asyncio.timeout(seconds)
