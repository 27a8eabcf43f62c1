"""supervisord with what we ship, and what it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from notetaker.status import meeting_report
from notetaker.store.store import Store
from tests.campaigns.supervised import stage
from tests.campaigns.supervised.pace import HURRIED
from tests.campaigns.supervised.patience import expect
from tests.campaigns.supervised.world import Branch
from tests.campaigns.supervisor.host import Host
from tests.harness.office import Office

SILENCE_S = HURRIED.silence_s
RESTART_S = SILENCE_S + 20.0
"""For the watchdog to notice, the stacks to be written and the next process to come up on a busy machine."""
LOG_LINES = 100
"""Of each log, shown with what went wrong."""

BOT, WORKER = "notetaker:notetaker-bot", "notetaker:notetaker-worker-0"
WATCHDOG = "notetaker-watchdog:notetaker-watchdog"

BOT_LOG, WATCHDOG_LOG, SUPERVISOR_LOG = "notetaker-bot", "notetaker-watchdog", "supervisord"


def configure(office: Office, **settings: str) -> None:
    """Writes the file in which bot and worker look for their settings."""
    everything = {
        "DISCORD_TOKEN": office.bot.token,
        "DISCORD_API_BASE_URL": office.local.api_url,
        "DISCORD_CA_FILE": str(office.local.ca_file),
        **HURRIED.settings,
        **settings,
    }
    office.state.mkdir(exist_ok=True)
    lines = "".join(f"{name}={value}\n" for name, value in everything.items())
    (office.state / ".env").write_text(lines)


class Stage(stage.Stage):
    def __init__(self, host: Host, office: Office, branches: list[Branch], checkout: Path) -> None:
        """`checkout`: what the processes run."""
        super().__init__(office, branches, HURRIED, office.state)
        self.host = host
        self.checkout = checkout
        self.hangs = 0
        """How often a process has fallen silent."""

    async def running(self) -> int:
        if not (self.host.pid(BOT) and self.host.pid(WORKER)):
            configure(self.office)
            await self.host.control("start", "notetaker:*")
        await self.ready(WORKER)
        return await self.ready(BOT)

    async def ready(self, name: str) -> int:
        """Once the watchdog has heard that. Returns its process id."""
        pid = self.host.pid(name)
        await self.host.until(lambda: f"{name} (process {pid}) is ready: " in self.host.log(WATCHDOG_LOG))
        return pid

    async def shown(self, name: str) -> str:
        """The state that `supervisorctl status` shows, with the process id of what runs: "RUNNING pid 4711"."""
        _, state, *rest = (await self.host.control("status", name)).split()
        return f"{state} pid {rest[1].rstrip(',')}" if rest[0] == "pid" else state

    def starts(self) -> int:
        """Of all processes together, until now."""
        return self.host.log(SUPERVISOR_LOG).count("INFO spawned: ")

    @asynccontextmanager
    async def undisturbed(self) -> AsyncIterator[None]:
        await self.running()
        before = self.starts()
        yield
        expect(self.starts() == before, f"{self.starts() - before} processes were started.")

    async def restarted(self, old: int) -> None:
        await self.host.restarted(BOT, old, RESTART_S)

    async def ended(self, old: int, name: str = BOT) -> None:
        """Once the watchdog has ended this process, which has fallen silent, and another one runs."""
        self.hangs += 1
        await self.host.restarted(name, old, RESTART_S)
        alarm = f"{name} (process {old}) has sent no ping for {SILENCE_S:g} s"
        expect(alarm in self.host.log(WATCHDOG_LOG), "That was not the watchdog.")

    async def reload(self, outcome: str, **settings: str) -> str:
        configure(self.office, **settings)
        before = len(self.host.log(BOT_LOG))
        await self.host.control("signal", "HUP", BOT)
        await self.host.until(lambda: outcome in self.host.log(BOT_LOG)[before:])
        return next(line for line in self.host.log(BOT_LOG)[before:].splitlines() if outcome in line)

    async def report(self, meeting_id: str) -> dict[str, Any]:
        with closing(Store(f"sqlite:///{self.office.state / 'notetaker.db'}")) as store:
            found = meeting_report.detail(store, meeting_id)
        assert found, f"there is no meeting {meeting_id}"
        return found

    async def log(self) -> str:
        return "\n".join(
            f"== {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
            for log in self.host.logs()
        )
