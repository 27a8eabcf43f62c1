"""A bot that finds its database away waits for it, and says so."""

import asyncio
import math
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from notetaker.host.exit_codes import ExitCode
from notetaker.host.worker_thread import WorkerThread
from notetaker.service import opening
from notetaker.service.opening import open_database
from notetaker.settings.values import Settings
from notetaker.store.database import StoreError
from tests.harness import postgres
from tests.harness.office import Office
from tests.harness.watchdog import a_watchdog

WATCHDOG_S = 6.0
WAITING = "STATUS=Waiting to start: the database 'postgres' on the local socket cannot be used: "


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, because a unix socket's path is; not ``tmp_path``, because the server may run as another user."""
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        yield Path(name)


async def test_a_bot_starts_once_its_database_is_there(office: Office, folder: Path, tmp_path: Path) -> None:
    postgres.programs()  # or this is skipped at once, not when the server is to start
    settings = {"NOTETAKER_DATABASE_URL": _url(folder)}
    async with (
        a_watchdog(WATCHDOG_S) as watchdog,
        office.process("bot", **settings, **watchdog.settings) as bot,
    ):
        await watchdog.until_heard(WAITING)
        await watchdog.until_pinged(1 + math.ceil(opening.RETRY_S / (WATCHDOG_S / 3)))
        assert sum(heard.startswith(WAITING) for heard in watchdog.heard) == 1
        assert bot.log.count("Waiting to start") == 1
        with ExitStack() as running:
            await asyncio.to_thread(running.enter_context, postgres.cluster(folder))
            await watchdog.until_heard("READY=1")
            assert await bot.terminate() == 0


async def test_a_bot_that_waits_for_its_database_can_be_stopped(office: Office, folder: Path) -> None:
    settings = {"NOTETAKER_DATABASE_URL": _url(folder)}
    async with office.process("bot", **settings) as bot:
        await bot.until("Waiting to start")
        async with office.process("status") as status:
            assert await status.exit_code() == ExitCode.NO_ANSWER
            assert f"a bot is starting or stopping there (process {bot.pid} of" in status.log
        assert await bot.terminate() == 0


@pytest.mark.parametrize(
    ("number", "stack"), [(signal.SIGSTOP, "in open_database"), (signal.SIGUSR1, "in _block_loop")]
)
async def test_a_bot_that_waits_for_its_database_is_watched(
    office: Office, folder: Path, tmp_path: Path, number: signal.Signals, stack: str
) -> None:
    sabotage = {"AT_START": "import sabotage", "SABOTAGE": "block loop"}
    async with (
        a_watchdog(WATCHDOG_S) as watchdog,
        office.process("bot", NOTETAKER_DATABASE_URL=_url(folder), **watchdog.settings, **sabotage) as bot,
    ):
        await watchdog.until_heard(WAITING)
        await watchdog.until_pinged(4)
        assert not watchdog.bitten.is_set()
        bot.send_signal(number)
        async with asyncio.timeout(4 * WATCHDOG_S):
            await watchdog.bitten.wait()
        assert await bot.exit_code() == -signal.SIGABRT
        assert stack in bot.log


@asynccontextmanager
async def a_frozen_server(folder: Path) -> AsyncIterator[asyncio.Event]:
    """It takes connections, and never answers. Yields what is set once it has one."""
    connected, writers = asyncio.Event(), []

    def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        connected.set()

    server = await asyncio.start_unix_server(take, folder / ".s.PGSQL.5432")
    async with server:
        yield connected
        for writer in writers:
            writer.close()


async def test_a_bot_whose_database_never_answers_can_be_stopped(office: Office, folder: Path) -> None:
    settings = {"NOTETAKER_DATABASE_URL": f"{_url(folder)}&connect_timeout=0"}
    async with a_frozen_server(folder) as connected, office.process("bot", **settings) as bot:
        await connected.wait()
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.log


async def test_a_database_that_never_answers_is_told_of(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings.load(
        {
            "NOTETAKER_DATABASE_URL": f"{_url(folder)}&connect_timeout=0",
            "NOTETAKER_STATE_DIR": str(folder),
        }
    )
    database, stop = WorkerThread("database", StoreError), asyncio.Event()
    async with a_watchdog() as watchdog, a_frozen_server(folder) as connected:
        for name, value in watchdog.settings.items():
            monkeypatch.setenv(name, value)
        waiting = asyncio.ensure_future(open_database(settings, database, stop, silence_s=0.01))
        await connected.wait()
        await watchdog.until_heard("STATUS=Waiting to start: the database does not answer")
        stop.set()
        assert not waiting.done()
    assert await waiting is None
    database.close()
    assert caplog.messages == ["Waiting to start: the database does not answer"]


def _url(folder: Path) -> str:
    return f"postgresql://notetaker@/postgres?host={folder}"
