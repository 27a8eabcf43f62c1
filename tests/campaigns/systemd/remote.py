"""A database on the network, as several hosts have it."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.campaigns.supervised import common
from tests.campaigns.supervised.patience import expect, until
from tests.campaigns.systemd.journal import message
from tests.campaigns.systemd.stage import Stage
from tests.harness import postgres

PORT = 55432
"""Free: the network is the test's own."""
URL = f"postgresql://notetaker@127.0.0.1:{PORT}/postgres"
NETWORK = "/etc/systemd/system/notetaker-worker@.service.d/20-worker-network.conf"
SILENT = 3
"""Times WatchdogSec that the database does not answer."""
WAITING = "Waiting to start: the database"
WAITS_S = 120.0
"""For a bot to end whose database is silent, and for the next one to say that it waits."""


async def database(stage: Stage) -> str:
    """A PostgreSQL silent in mid-meeting, and at a start: ridden out by a bot that is watched, and the notes come"""
    await stage.running()
    if stage.meeting_id:
        await stage.end_meeting()
    try:
        async with _on_the_network(stage) as folder:
            silent = await _silence(stage, folder)
            away = await _silence_at_the_start(stage, folder)
            return f"{silent}; {away}; {await common.notes(stage)}"
    except pytest.skip.Exception as missing:
        expect(os.environ.get("CI") != "true", str(missing))
        return f"not tried: {missing}"


async def _silence(stage: Stage, folder: Path) -> str:
    await stage.meeting()
    worker, silent_s = await stage.worker.state(), SILENT * stage.pace.silence_s
    async with stage.undisturbed():
        with postgres.frozen(folder):
            await asyncio.sleep(silent_s)
        await stage.heard()
    after = await stage.worker.state()
    expect((after.pid, after.restarts) == (worker.pid, worker.restarts), f"The worker is {after}.")
    return f"silent for {silent_s:.0f} s"


async def _silence_at_the_start(stage: Stage, folder: Path) -> str:
    before = await stage.meeting()

    async def waits() -> bool:
        state = await stage.bot.state()
        return state.active == "activating" and state.status.startswith(WAITING)

    async def gives_up() -> bool:
        return any("Watchdog timeout" in message(entry) for entry in await stage.journal.of_manager())

    with postgres.frozen(folder):
        await stage.container.check("systemctl", "restart", "--no-block", stage.bot.name)
        await until(waits, WAITS_S, "The bot does not say that it waits for its database.")
        stage.journal.mark()
        await stage.bot.kill("SIGSTOP")
        await until(gives_up, 2 * stage.pace.silence_s, "The watchdog does not end a bot that waits.")
    return await stage.goes_on(before)


@asynccontextmanager
async def _on_the_network(stage: Stage) -> AsyncIterator[Path]:
    """Bot and workers use a PostgreSQL there, and then their file again. Yields its folder."""
    with ExitStack() as server:
        folder = Path(server.enter_context(tempfile.TemporaryDirectory(prefix="pg-")))
        await asyncio.to_thread(server.enter_context, postgres.cluster(folder, PORT))
        try:
            await _use(stage, URL)
            expect(stage.container.path(NETWORK).exists(), "The workers have no network.")
            yield folder
        finally:
            stage.meeting_id = ""  # it is in that database
            await _use(stage, "")
        expect(not stage.container.path(NETWORK).exists(), "The workers have a network for no reason.")


async def _use(stage: Stage, url: str) -> None:
    stage.set(NOTETAKER_DATABASE_URL=url)
    done = await stage.install()
    expect(done.code == 0, f"scripts/install ended with {done.code}:\n{done.output}")
    await stage.container.check("systemctl", "restart", "notetaker.target")
    await stage.running()
