"""One thread for all that may wait for a disk: SQLite, the job queue and fsync never run on the event loop."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Background:
    """Runs calls one after the other, in the order they were asked for."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._calls = 0
        self.moved_at = time.monotonic()
        """When a call began or ended last."""

    @property
    def busy(self) -> bool:
        """Somebody waits for a call to end."""
        return self._calls > 0

    async def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What ``call`` returns or raises."""
        if not self.busy:
            self.moved_at = time.monotonic()
        self._calls += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._executor, partial(call, *args, **kwargs)
            )
        finally:
            self._calls -= 1
            self.moved_at = time.monotonic()

    def close(self) -> None:
        """Waits for what was asked for."""
        self._executor.shutdown(wait=True)
