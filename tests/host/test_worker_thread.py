"""Calls that never end, and a process that stops nevertheless."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from notetaker.host.worker_thread import WorkerThread
from notetaker.store.database import StoreError


@pytest.fixture
def frozen() -> Iterator[threading.Event]:
    """What a call waits for in vain."""
    event = threading.Event()
    yield event
    event.set()


async def test_hurrying_once_more_gives_nobody_more_time(frozen: threading.Event) -> None:
    database = WorkerThread("database", StoreError)
    waiting = asyncio.ensure_future(database(frozen.wait))
    await asyncio.sleep(0)
    database.hurry(0.01)
    database.hurry(3600.0)
    async with asyncio.timeout(10):
        with pytest.raises(StoreError, match="database does not answer"):
            await waiting
        database.hurry()
        with pytest.raises(StoreError, match="database does not answer"):
            await database(time.monotonic)


async def test_hurrying_as_a_limit_runs_out_is_no_error(frozen: threading.Event) -> None:
    database = WorkerThread("database", StoreError)
    waiting = asyncio.ensure_future(database(frozen.wait))
    await asyncio.sleep(0)
    database.hurry(0.0)
    await asyncio.sleep(0)  # the limit has run out, and who waits has not heard of it yet
    database.hurry()
    with pytest.raises(StoreError):
        await waiting


async def test_who_closes_in_a_hurry_does_not_wait_for_ever(frozen: threading.Event) -> None:
    disk = WorkerThread("disk", OSError)
    waiting = asyncio.ensure_future(disk(frozen.wait))
    await asyncio.sleep(0)
    disk.hurry(0.01)
    disk.close()
    with pytest.raises(OSError):
        await waiting
