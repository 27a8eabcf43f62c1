"""The event listener under a real supervisord, with a toy to watch."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from notetaker.host.supervisor.watchdog import ABORT_S
from tests.campaigns.supervisor.host import Host, deployed, running

SILENCE_S = 2.0
TOY = "notetaker:notetaker-bot"
WATCHDOG = "notetaker-watchdog"
DEADLINE_S = SILENCE_S + 15.0
"""Of a silent process: what is above ``SILENCE_S`` is for a busy machine."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a name that is short enough for unix sockets."""
    with tempfile.TemporaryDirectory(prefix="nt-") as name:
        yield Path(name)


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[Host]:
    """What we ship, but with the toy for a bot and without workers."""
    configuration = deployed(folder, SILENCE_S)
    bot = f"command={sys.prefix}/bin/notetaker bot\n"
    assert bot in configuration
    configuration = configuration.replace(
        bot, f"command={sys.executable} -m tests.campaigns.supervisor.toy\n"
    )
    configuration = configuration.replace("numprocs=1", "numprocs=1\nautostart=false")
    repository = str(Path(__file__).parents[3])
    async with running(folder, configuration, PYTHONPATH=repository) as host:
        await host.until(lambda: alive(host, host.pid(TOY)))
        yield host


def alive(host: Host, pid: int, times: int = 1) -> bool:
    """So many watchdogs have heard it."""
    return host.log(WATCHDOG).count(f"{TOY} (process {pid}) is sending pings") == times


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGSTOP])
async def test_a_silent_process_leaves_its_stacks_and_runs_again(
    folder: Path, number: signal.Signals
) -> None:
    async with playing(folder) as host:
        old = host.send(TOY, number)
        new = await host.restarted(TOY, old, DEADLINE_S)
        assert f"{TOY} (process {old}) has sent no ping for 2 s" in host.log(WATCHDOG)
        assert "is killed" not in host.log(WATCHDOG)
        assert "Fatal Python error: Aborted" in host.log("notetaker-bot")
        assert "toy.py" in host.log("notetaker-bot")
        await host.until(lambda: f"{TOY} (process {new}) is ready: Playing" in host.log(WATCHDOG))
        assert host.pid(TOY) == new


async def test_a_process_that_survives_sigabrt_is_killed(folder: Path) -> None:
    async with playing(folder) as host:
        old = host.send(TOY, signal.SIGUSR2)
        await host.restarted(TOY, old, DEADLINE_S + ABORT_S)
        assert f"{TOY} (process {old}) did not exit on SIGABRT, killing it" in host.log(WATCHDOG)


async def test_a_watchdog_that_was_killed_takes_up_its_work_again_and_nobody_is_restarted(
    folder: Path,
) -> None:
    async with playing(folder) as host:
        toy, old = host.pid(TOY), host.send(f"{WATCHDOG}:{WATCHDOG}", signal.SIGKILL)
        await host.restarted(f"{WATCHDOG}:{WATCHDOG}", old)
        await host.until(lambda: alive(host, toy, times=2))
        assert host.send(TOY, signal.SIGUSR1) == toy
        await host.restarted(TOY, toy, DEADLINE_S)


async def test_stopping_and_starting_by_hand_is_nothing_to_the_watchdog(folder: Path) -> None:
    async with playing(folder) as host:
        old = host.pid(TOY)
        await host.control("stop", TOY)
        assert host.info(TOY)["statename"] == "STOPPED"
        await host.control("start", TOY)
        new = await host.restarted(TOY, old)
        await host.until(lambda: f"{TOY} (process {new}) is ready" in host.log(WATCHDOG))
        assert "aborting it" not in host.log(WATCHDOG)
        assert await host.shut_down() == 0
        assert "WARNING" not in host.log(WATCHDOG)


async def test_a_file_in_the_place_of_the_socket_is_left_alone_and_named(folder: Path) -> None:
    (folder / "state").mkdir()
    precious = folder / "state" / "notify.sock"
    precious.write_text("precious")
    async with running(
        folder, deployed(folder, SILENCE_S).replace("numprocs=1", "numprocs=1\nautostart=false")
    ) as host:
        await host.until(lambda: host.info(f"{WATCHDOG}:{WATCHDOG}")["statename"] == "EXITED")
        assert host.info(f"{WATCHDOG}:{WATCHDOG}")["exitstatus"] == 78
        [line] = host.log(WATCHDOG).splitlines()
        assert line.startswith(
            f"notetaker: supervisor-watchdog cannot listen on {precious} (Address already in use)"
        )
    assert precious.read_text() == "precious"


def test_whoever_starts_it_by_hand_is_told_who_does(folder: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "notetaker.cli", "supervisor-watchdog", f"{folder}/notify.sock"],
        env={"HOME": str(folder)}, cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 78
    assert result.stderr == (
        "notetaker: supervisor-watchdog must be started by supervisor, as in deploy/supervisor/notetaker.conf; "
        "supervisor needs a [unix_http_server]\n"
    )
