"""Opening the database at the start. A bot waits for a database that is not available.

Exiting would only lead to a restart, and the number of restarts is limited because each is a login to Discord.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from notetaker.host.sd_notify import ServiceManager
from notetaker.host.worker_thread import SILENCE_S, WorkerThread
from notetaker.jobs.queue import JobQueue
from notetaker.meetings.recovery import Recovery
from notetaker.model import events
from notetaker.settings.values import Settings
from notetaker.store.database import StoreError, StoreSettingError
from notetaker.store.store import Store

log = logging.getLogger(__name__)

RETRY_S = 5.0


@dataclass(frozen=True, slots=True)
class Opened:
    """The open database."""

    store: Store
    queue: JobQueue
    recovery: Recovery
    """Meetings that earlier bot processes left behind."""

    def close(self) -> None:
        self.queue.close()
        self.store.close()


async def open_database(
    settings: Settings,
    database: WorkerThread,
    stop: asyncio.Event,
    retry_s: float = RETRY_S,
    silence_s: float = SILENCE_S,
) -> Opened | None:
    """Open the database once it is available, or return None if ``stop`` is set. Raises StoreSettingError."""
    manager, reported = ServiceManager(), ""

    def report(reason: str) -> None:
        nonlocal reported
        if reason != reported:
            reported = reason
            log.critical("Waiting to start: %s", reason, extra=events.UNAVAILABLE())
        manager.status(f"Waiting to start: {reason}")

    async def report_silence() -> None:
        await asyncio.sleep(silence_s)
        report("the database does not answer")

    with _meanwhile(_ping(manager)):
        while not stop.is_set():
            try:
                with _meanwhile(report_silence()):
                    return await database(_open, settings)
            except StoreSettingError:
                raise
            except StoreError as error:
                if not stop.is_set():
                    report(str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(retry_s):
                    await stop.wait()
    return None


async def _ping(manager: ServiceManager) -> None:
    """Ping the watchdog: waiting for a database is fine, while a blocked event loop is not.

    With EXTEND_TIMEOUT_USEC instead, the watchdog would not notice the latter.
    """
    while True:
        manager.healthy()
        await asyncio.sleep(manager.ping_every_s)


@contextmanager
def _meanwhile(work: Coroutine[None, None, None]) -> Iterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()


def _open(settings: Settings) -> Opened:
    with ExitStack() as failed:
        store = Store(settings.database)
        failed.callback(store.close)
        store.migrate()
        queue = JobQueue(settings.database)
        failed.callback(queue.close)
        queue.forget_all_asked()
        window_s = settings.meeting_resume_window * 60
        recovery = Recovery(store, queue, settings.meetings_folder, window_s)
        failed.pop_all()
    return Opened(store, queue, recovery)
