"""An installation in the container, and what its systemd does."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from notetaker.model import events
from tests.campaigns.supervised import stage
from tests.campaigns.supervised.pace import PRODUCTION, Pace
from tests.campaigns.supervised.patience import expect, until
from tests.campaigns.supervised.world import Branch
from tests.campaigns.systemd.container import Container, Done
from tests.campaigns.systemd.journal import BOT, Journal
from tests.campaigns.systemd.unit import Unit
from tests.harness.office import Office

INSTALL_S = 300.0
LOG_LINES = 25
"""Of the journal, shown with what went wrong."""

CHECKOUT = "/root/notetaker"
WHEELS = "/root/wheels"
MODEL = "/root/model"
SETTINGS = "/etc/notetaker/notetaker.env"
TOKEN = "/etc/notetaker/discord_token"
STATE = "/var/lib/notetaker"
PROGRAM = "/opt/notetaker/current/bin/notetaker"
DROP_INS = "/run/systemd/system"
SABOTAGE = "/srv/notetaker-test"


class Stage(stage.Stage):
    def __init__(self, container: Container, office: Office, branches: list[Branch], pace: Pace) -> None:
        super().__init__(office, branches, pace, container.path("/run/notetaker"))
        self.container = container
        self.journal = Journal(container)
        self.bot = Unit(container, BOT)
        self.worker = Unit(container, "notetaker-worker@1.service")
        self.target = Unit(container, "notetaker.target")

    # The installation

    async def install(self, *options: str, checkout: str = CHECKOUT) -> Done:
        """Without network: pip takes the packages from a folder (pip documentation, "Environment Variables")."""
        return await self.container.run(
            f"{checkout}/scripts/install", *options,
            timeout_s=INSTALL_S,
            environment={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": WHEELS, "MODEL_FROM": MODEL},
        )  # fmt: skip

    async def installed(self) -> None:
        """With a token and the settings for the local Discord."""
        if not self.container.path(
            "/opt/notetaker/current"
        ).is_symlink():  # what it points to is not seen from here
            done = await self.install()
            expect(done.code == 0, f"scripts/install ended with {done.code}:\n{done.output}")
        if self.office.local.api_url in self.container.path(SETTINGS).read_text():
            return
        self.container.write("/etc/notetaker/ca.pem", self.office.local.ca_file.read_text())
        self.set(
            DISCORD_API_BASE_URL=self.office.local.api_url,
            DISCORD_CA_FILE="/etc/notetaker/ca.pem",
            LOG_LEVEL="INFO",
            **self.pace.settings,
        )
        self.token(self.office.bot.token)
        drop_in = "[Service]\n"
        if self.pace is not PRODUCTION:
            drop_in += f"WatchdogSec={self.pace.silence_s:g}\nRestartSec=1\nEnvironment=LOCK_S={self.pace.lock_s:g}\n"
        self.container.write(f"{DROP_INS}/notetaker-worker@.service.d/test.conf", drop_in)
        sabotaged = f"{drop_in}Environment=PYTHONPATH={SABOTAGE}\n"
        self.container.write(f"{DROP_INS}/{BOT}.d/test.conf", sabotaged)
        self.container.write(f"{SABOTAGE}/sitecustomize.py", stage.SABOTAGE.read_text())
        await self.container.check("systemctl", "daemon-reload")

    def set(self, **settings: str) -> None:
        """Changes lines of notetaker.env."""
        path = self.container.path(SETTINGS)
        content = path.read_text()
        for name, value in settings.items():
            content, lines = re.subn(rf"^{name}=.*$", f"{name}={value}", content, flags=re.MULTILINE)
            expect(lines == 1, f"{SETTINGS} has {lines} lines that begin with {name}=.")
        path.write_text(content)  # mode and owner stay

    def token(self, token: str) -> None:
        self.container.path(TOKEN).write_text(token + "\n")

    async def as_user(self, user: str, *command: str, **environment: str) -> Done:
        """In the container, without the rights of root."""
        identity = f"--reuid={user}", f"--regid={user if user != 'nobody' else 'nogroup'}", "--clear-groups"
        return await self.container.run("setpriv", *identity, "--", *command, environment=environment)

    # The running bot

    async def running(self) -> int:
        await self.installed()
        if not await self._bot_runs():
            await self.container.run("systemctl", "reset-failed", self.bot.name)
            await self.target.start()
            await until(self._bot_runs, 60, "The bot does not get ready.")
        return (await self.bot.state()).pid

    async def _bot_runs(self) -> bool:
        return (await self.bot.state()).runs

    async def restarted(self, old: int) -> None:
        await self.bot.restarted(old)

    @asynccontextmanager
    async def undisturbed(self) -> AsyncIterator[None]:
        """Of the bot; whoever else is started again is no matter."""
        await self.running()
        before = await self.bot.state()
        yield
        after = await self.bot.state()
        expect(after.pid == before.pid, f"Process {before.pid} is {after.pid or 'nobody'} now.")
        expect(
            after.restarts == before.restarts, f"It was restarted {after.restarts - before.restarts} times."
        )

    async def reload(self, outcome: str, **settings: str) -> str:
        self.journal.mark()
        self.set(**settings)
        await self.container.check("systemctl", "reload", self.bot.name)
        return await self.journal.line(outcome)

    async def report(self, meeting_id: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            await self.container.check("notetaker", "meeting", meeting_id, "--json")
        )
        return found

    async def log(self) -> str:
        shown = await self.container.run("journalctl", "--no-pager", f"--lines={LOG_LINES}")
        return shown.output

    async def goes_on(self, old: int) -> str:
        """And the journal tells of it."""
        told = await super().goes_on(old)
        await self.journal.the(events.MEETING_RESUMED, f"MEETING_ID={self.meeting_id}")
        await self.missed()
        return told

    async def missed(self) -> float:
        """How many seconds of the meeting the bot last says that it has not heard. Raises Wrong."""
        gaps = await self.journal.the(events.GAP, f"MEETING_ID={self.meeting_id}")
        return int(gaps[-1]["GAP_MS"]) / 1000


def copy_checkout(container: Container, to: str = CHECKOUT) -> None:
    """What a release has of it: the checkout itself may change meanwhile, and is left alone."""
    here, there = Path(__file__).parents[3], container.path(to)
    there.mkdir(parents=True)
    for name in ("notetaker", "deploy", "scripts", "docs"):
        shutil.copytree(here / name, there / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", ".env.example"):
        shutil.copy(here / name, there / name)
