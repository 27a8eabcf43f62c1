"""Threads for what may have to wait: fsync, SQLite and the job queue never run on the event loop.

There is one for the disk and one for the database: a database that is away keeps nobody from the disk.
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
"""A database that has not answered for longer is told of: its own limits are shorter (``store.database``)."""
FAREWELL_S = 10.0
"""When the process stops: what a database does not take by then is read back from the journal at the next start."""


class WorkerThread:
    """Runs calls one after the other, in the order they were asked for."""

    def __init__(self, name: str, no_answer: Callable[[str], Exception]) -> None:
        """``name`` is what the calls may wait for; ``no_answer`` makes the error of a call that took too long."""
        self._name = name
        self._no_answer = no_answer
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._waiting = 0
        self._moved_at = time.monotonic()  # when a call began or ended last
        self._waited_s = 0.0  # in all, until then
        self._patience_s: float | None = None
        self._limits: set[asyncio.Timeout] = set()
        # A daemon, because a call that never ends must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Somebody waits for a call to end."""
        return self._waiting > 0

    def waiting_s(self, now: float) -> float:
        """For how long nothing has moved although somebody waits; ``now`` is monotonic seconds."""
        return now - self._moved_at if self.busy else 0.0

    def clock(self, now: float) -> float:
        """``now``, monotonic seconds, on a clock that stands still while somebody waits."""
        return now - self._waited_s - self.waiting_s(now)

    async def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Returns what ``call`` returns and raises what it raises; ``no_answer`` if that takes long after a hurry."""
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

    def hurry(self) -> None:
        """The process stops: nobody waits for long any more, and after somebody has in vain, nobody at all.

        Asking once more changes nothing.
        """
        if self._patience_s is not None:
            return
        self._patience_s = FAREWELL_S
        for limit in self._limits:
            limit.reschedule(asyncio.get_running_loop().time() + FAREWELL_S)

    def close(self) -> None:
        """Waits for what was asked for; after ``hurry``, no longer than others."""
        self._calls.put(None)
        self._thread.join(self._patience_s)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``call`` returns or raises. In a thread of its own: if it never ends, that keeps nobody from anything, nor
    the process from ending.
    """
    future: Future[T] = Future()
    work = partial(_settle, future, partial(call, *args, **kwargs))
    threading.Thread(target=work, name=call.__name__, daemon=True).start()
    return await asyncio.wrap_future(future)


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    """Not if nobody waits for it any more."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - raised where it is waited for
        future.set_exception(error)
    else:
        future.set_result(result)
