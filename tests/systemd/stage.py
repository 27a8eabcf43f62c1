"""An installation in the container, a local Discord, and people who hold a meeting in it."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from notetaker.discordsim.entities import ChannelType, Guild, User
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world import World
from notetaker.model import events
from notetaker.service import status_socket
from tests.service.office import Office
from tests.systemd.container import Container, Done
from tests.systemd.journal import BOT, Journal
from tests.systemd.pace import Pace
from tests.systemd.patience import Wrong, expect, until
from tests.systemd.talker import Talker
from tests.systemd.unit import State, Unit

INSTALL_S = 300.0
HEARD_S = 45.0
HEARD = 25
"""Packets, half a second of speech."""

CHECKOUT = "/root/notetaker"
WHEELS = "/root/wheels"
SETTINGS = "/etc/notetaker/notetaker.env"
TOKEN = "/etc/notetaker/discord_token"
STATE = "/var/lib/notetaker"
PROGRAM = "/opt/notetaker/current/bin/notetaker"
DROP_INS = "/run/systemd/system"
SABOTAGE = "/srv/notetaker-test"

BRANCHES = 14
"""Guilds besides the office, with somebody in voice."""


class Stage:
    def __init__(
        self,
        container: Container,
        local: LocalDiscord,
        branches: list[tuple[Guild, User]],
        http: aiohttp.ClientSession,
        pace: Pace,
    ) -> None:
        """`branches`: guilds besides the office, with somebody in each."""
        self.container = container
        self.branches = branches
        self.pace = pace
        self.local = local
        self.office = Office(local, http, Path())
        self.journal = Journal(container)
        self.bot = Unit(container, BOT)
        self.worker = Unit(container, "notetaker-worker@1.service")
        self.target = Unit(container, "notetaker.target")
        self.meeting_id = ""
        """Of the meeting that is being held; empty: none is."""
        self.absences = 0
        """How often the bot was away in that meeting."""
        office = self.office
        self.ada = Talker(local, office.user("Ada"), office.guild.id, office.channel("Standup"))

    # The installation

    async def install(self, *options: str, checkout: str = CHECKOUT) -> Done:
        """Without network: pip takes the packages from a folder (pip documentation, "Environment Variables")."""
        return await self.container.run(
            f"{checkout}/scripts/install", *options,
            timeout_s=INSTALL_S, environment={"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": WHEELS},
        )  # fmt: skip

    async def installed(self) -> None:
        """With a token and the settings for the local Discord."""
        if not self.container.path(
            "/opt/notetaker/current"
        ).is_symlink():  # what it points to is not seen from here
            done = await self.install()
            expect(done.code == 0, f"scripts/install ended with {done.code}:\n{done.output}")
        if self.local.api_url in self.container.path(SETTINGS).read_text():
            return
        self.container.write("/etc/notetaker/ca.pem", self.local.ca_file.read_text())
        self.set(
            DISCORD_API_BASE_URL=self.local.api_url,
            DISCORD_CA_FILE="/etc/notetaker/ca.pem",
            LOG_LEVEL="INFO",
            **dict(self.pace.settings),
        )
        self.token(self.office.bot.token)
        drop_in = f"[Service]\n{self.pace.drop_in}"
        self.container.write(f"{DROP_INS}/notetaker-worker@.service.d/test.conf", drop_in)
        sabotaged = f"{drop_in}Environment=PYTHONPATH={SABOTAGE}\n"
        self.container.write(f"{DROP_INS}/{BOT}.d/test.conf", sabotaged)
        sabotage = Path(__file__).with_name("sabotage.py").read_text()
        self.container.write(f"{SABOTAGE}/sitecustomize.py", sabotage)
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

    async def running(self) -> State:
        """Everything is started, and the bot is ready."""
        await self.installed()
        state = await self.bot.state()
        if not state.runs:
            await self.container.run("systemctl", "reset-failed", self.bot.name)
            await self.target.start()
            await until(self._bot_runs, 60, "The bot does not get ready.")
            state = await self.bot.state()
        return state

    async def _bot_runs(self) -> bool:
        return (await self.bot.state()).runs

    async def said(self) -> dict[str, Any]:
        """What the bot says of itself. Raises Wrong when it does not answer."""
        try:
            return await asyncio.to_thread(status_socket.ask, self.container.path("/run/notetaker"))
        except (status_socket.NotRunning, status_socket.NoAnswer) as error:
            raise Wrong(str(error)) from None

    # The meeting

    async def meeting(self) -> State:
        """Notes are being taken, and Ada is heard."""
        state = await self.running()
        if not self.meeting_id:
            await self.ada.here()
            said = await self.office.says("startnotes")
            expect("Notes are being taken" in said, f"/startnotes was answered with: {said}")
            self.meeting_id = (await self.said())["meetings"][0]["id"]
            self.absences = 0
        self.ada.talk()
        await self.heard()
        return state

    async def heard(self) -> float:
        """Once what Ada says is stored in the meeting, after how many seconds. Raises Wrong."""
        before = await self._stored()

        async def more() -> bool:
            pid, stored = await self._stored()
            return stored >= HEARD + (before[1] if pid == before[0] else 0)

        took = await until(more, HEARD_S, "What Ada says is not stored.")
        running = [meeting["id"] for meeting in (await self.said())["meetings"]]
        expect(running == [self.meeting_id], f"The meetings are {running} instead of {self.meeting_id}.")
        return took

    async def _stored(self) -> tuple[int, int]:
        """The process, and how many packets of the office it has stored."""
        try:
            said = await self.said()
        except Wrong:  # between two processes
            return 0, 0
        guild_id = str(self.office.guild.id)
        coverage = [
            one for g in said["voice"]["guilds"] if g["guild_id"] == guild_id for one in g["coverage"]
        ]
        return said["pid"], sum(one["stored"] for one in coverage)

    @asynccontextmanager
    async def undisturbed(self) -> AsyncIterator[None]:
        """Whatever happens meanwhile, systemd starts nothing again, and the same process runs on."""
        before = await self.running()
        yield
        after = await self.bot.state()
        expect(after.pid == before.pid, f"Process {before.pid} is {after.pid or 'nobody'} now.")
        expect(
            after.restarts == before.restarts, f"It was restarted {after.restarts - before.restarts} times."
        )

    async def missed(self) -> float:
        """How many seconds of the meeting the bot last says that it has not heard. Raises Wrong."""
        gaps = await self.journal.the(events.GAP, f"MEETING_ID={self.meeting_id}")
        return int(gaps[-1]["GAP_MS"]) / 1000

    async def end_meeting(self) -> str:
        """What the bot answers to /stopnotes."""
        self.ada.hush()
        self.meeting_id = ""
        return await self.office.says("stopnotes")

    # Discord

    async def fault(self, kind: str, **fields: Any) -> None:
        refused = await self.office.sim("faults", kind=kind, **fields)
        expect(refused is None, f"The local Discord refused the fault {kind}: {refused}")


def world() -> tuple[World, list[tuple[Guild, User]]]:
    """The office, and branches with one person each."""
    made = World.demo()
    bot = next(user for user in made.users.values() if user.bot)
    branches = []
    for number in range(1, BRANCHES + 1):
        person = made.add_user(f"person{number}", f"Person {number}")
        guild = made.add_guild(f"Branch {number}", owner=person)
        made.add_member(guild, bot)
        made.add_channel(guild, ChannelType.TEXT, "general")
        made.add_channel(guild, ChannelType.VOICE, "Room")
        branches.append((guild, person))
    return made, branches


def copy_checkout(container: Container, to: str = CHECKOUT) -> None:
    """What a release has of it: the checkout itself may change meanwhile, and is left alone."""
    here, there = Path(__file__).parents[2], container.path(to)
    there.mkdir(parents=True)
    for name in ("notetaker", "deploy", "scripts", "docs"):
        shutil.copytree(here / name, there / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", ".env.example"):
        shutil.copy(here / name, there / name)
