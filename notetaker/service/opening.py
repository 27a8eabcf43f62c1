"""The database at the start. A bot that finds it away waits for it: ending would only have it start again, and a bot
is not started again for ever, because every start is a login to Discord.
"""

import asyncio
import logging
from contextlib import suppress

from notetaker.jobs.queue import JobQueue
from notetaker.model import events
from notetaker.service.background import Background
from notetaker.service.systemd import Systemd
from notetaker.store.database import StoreError, StoreSettingError
from notetaker.store.store import Store

log = logging.getLogger(__name__)

RETRY_S = 5.0
EXTEND_BY_S = 60.0
"""For one try and the next, to a supervisor that has a limit for starts."""


async def open_database(
    url: str, background: Background, stop: asyncio.Event, retry_s: float = RETRY_S
) -> tuple[Store, JobQueue] | None:
    """Once it can be reached; None: ``stop`` was set before. Raises StoreSettingError when waiting cannot help."""
    systemd, told = Systemd(), ""
    while not stop.is_set():
        try:
            return await background(_open, url)
        except StoreSettingError:
            raise
        except StoreError as error:
            if str(error) != told:
                told = str(error)
                log.critical("Waiting to start: %s", told, extra=events.UNAVAILABLE())
            systemd.status(f"Waiting to start: {told}")
            systemd.extend(EXTEND_BY_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(retry_s):
                await stop.wait()
    return None


def _open(url: str) -> tuple[Store, JobQueue]:
    store = Store(url)
    try:
        store.migrate()
        return store, JobQueue(url)
    except BaseException:
        store.close()
        raise
