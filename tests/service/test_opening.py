"""A bot that finds its database away waits for it, and says so."""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from notetaker.service.exit_codes import ExitCode
from tests.service.office import Office
from tests.service.watchdog import a_watchdog
from tests.store import postgres

WAITING = "STATUS=Waiting to start: the database 'postgres' on the local socket cannot be used: "


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, because a unix socket's path is; not ``tmp_path``, because the server may run as another user."""
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        yield Path(name)


async def test_a_bot_starts_once_its_database_is_there(office: Office, folder: Path, tmp_path: Path) -> None:
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    settings = {"NOTETAKER_DATABASE_URL": f"postgresql://notetaker@/postgres?host={folder}"}
    async with (
        a_watchdog(tmp_path) as watchdog,
        office.process("bot", **settings, **watchdog.settings) as bot,
    ):
        await watchdog.until(lambda: watchdog.heard.count("EXTEND_TIMEOUT_USEC=60000000") == 2)
        assert sum(heard.startswith(WAITING) for heard in watchdog.heard) == 1
        assert bot.log.count("Waiting to start") == 1
        with ExitStack() as running:
            await asyncio.to_thread(running.enter_context, postgres.cluster(folder))
            await watchdog.until_heard("READY=1")
            assert await bot.terminate() == 0


async def test_a_bot_that_waits_for_its_database_can_be_stopped(office: Office, folder: Path) -> None:
    settings = {"NOTETAKER_DATABASE_URL": f"postgresql://notetaker@/postgres?host={folder}"}
    async with office.process("bot", **settings) as bot:
        await bot.until("Waiting to start")
        async with office.process("status") as status:
            assert await status.exit_code() == ExitCode.NO_ANSWER
            assert f"a bot is starting or stopping there (process {bot.pid} of" in status.log
        assert await bot.terminate() == 0
