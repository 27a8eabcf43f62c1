"""The database at the start. A bot that finds it away waits for it: ending would only have it start again, and a bot
is not started again for ever, because every start is a login to Discord.
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
    store: Store
    queue: JobQueue
    recovery: Recovery
    """What the store knows of earlier lives of the bot."""

    def close(self) -> None:
        self.queue.close()
        self.store.close()


async def open_database(
    settings: Settings, database: WorkerThread, stop: asyncio.Event, retry_s: float = RETRY_S
) -> Opened | None:
    """Once it can be reached; None: ``stop`` was set before. Raises StoreSettingError when waiting cannot help."""
    manager, told = ServiceManager(), ""

    def tell(trouble: str) -> None:
        nonlocal told
        if trouble != told:
            told = trouble
            log.critical("Waiting to start: %s", told, extra=events.UNAVAILABLE())
        manager.status(f"Waiting to start: {told}")

    async def tell_of_silence() -> None:
        await asyncio.sleep(SILENCE_S)
        tell("the database does not answer")

    with _meanwhile(_give_signs_of_life(manager)):
        while not stop.is_set():
            try:
                with _meanwhile(tell_of_silence()):
                    return await database(_open, settings)
            except StoreSettingError:
                raise
            except StoreError as error:
                if not stop.is_set():
                    tell(str(error))
            with suppress(TimeoutError):
                async with asyncio.timeout(retry_s):
                    await stop.wait()
    return None


async def _give_signs_of_life(manager: ServiceManager) -> None:
    """From the event loop: to wait for a database is no fault, and to stand still meanwhile is one. To ask for more
    time instead (EXTEND_TIMEOUT_USEC) would keep the watchdog from noticing for as long.
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
        window_s = settings.meeting_resume_window * 60
        recovery = Recovery(store, queue, settings.meetings_folder, window_s)
        failed.pop_all()
    return Opened(store, queue, recovery)
