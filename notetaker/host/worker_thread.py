"""Threads for blocking calls: fsync, SQLite and the job queue never run on the event loop.

The disk and the database have a thread each, so that a database that does not answer does not block the disk.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

SILENCE_S = 60.0
"""How long a database may be silent before that is reported. Its own timeouts are shorter (``store.database``)."""
FAREWELL_S = 10.0
"""Timeout when the process stops. What is not stored by then is read from the journal at the next start."""


class WorkerThread:
    """Runs calls one at a time, in order."""

    def __init__(self, name: str, no_answer: Callable[[str], Exception]) -> None:
        """``name`` is what calls wait for. ``no_answer`` creates the error for a call that takes too long."""
        self._name = name
        self._no_answer = no_answer
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._waiting = 0
        self._moved_at = time.monotonic()  # when a call last began or ended
        self._waited_s = 0.0  # in total, until then
        self._patience_s: float | None = None
        self._limits: set[asyncio.Timeout] = set()
        # A daemon: a call that never returns must not keep the process alive.
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether a call is pending."""
        return self._waiting > 0

    def waiting_s(self, now: float) -> float:
        """Return the time without progress while a call is pending. ``now`` is in monotonic seconds."""
        return now - self._moved_at if self.busy else 0.0

    def clock(self, now: float) -> float:
        """Convert ``now`` (monotonic seconds) to a clock that stands still while a call is pending."""
        return now - self._waited_s - self.waiting_s(now)

    async def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what ``call`` returns, or raise what it raises. After ``hurry``, raise ``no_answer`` on timeout."""
        future: Future[T] = Future()
        self._calls.put(partial(_settle, future, partial(call, *args, **kwargs)))
        if not self.busy:
            self._moved_at = time.monotonic()
        self._waiting += 1
        limit = asyncio.timeout(self._patience_s)
        self._limits.add(limit)
        try:
            async with limit:
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if limit.expired():
                self._patience_s = 0.0
                raise self._no_answer(f"the {self._name} does not answer") from None
            raise
        finally:
            self._limits.discard(limit)
            now = time.monotonic()
            self._waited_s += self.waiting_s(now)
            self._moved_at = now
            self._waiting -= 1

    def hurry(self, farewell_s: float = FAREWELL_S) -> None:
        """Limit how long calls may take, because the process is stopping. After a timeout, other calls fail at once.

        Further calls of this method have no effect.
        """
        if self._patience_s is not None:
            return
        self._patience_s = farewell_s
        for limit in self._limits:
            limit.reschedule(asyncio.get_running_loop().time() + farewell_s)

    def close(self) -> None:
        """Wait for pending calls; after ``hurry``, for a limited time."""
        self._calls.put(None)
        self._thread.join(self._patience_s)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``call`` in its own daemon thread, so that it can neither block others nor keep the process alive."""
    future: Future[T] = Future()
    work = partial(_settle, future, partial(call, *args, **kwargs))
    threading.Thread(target=work, name=call.__name__, daemon=True).start()
    return await asyncio.wrap_future(future)


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    """Run the call unless the future was cancelled."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - raised where the future is awaited
        future.set_exception(error)
    else:
        future.set_result(result)
