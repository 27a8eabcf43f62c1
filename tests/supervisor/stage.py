"""supervisord with what we ship, a local Discord, and people who hold a meeting in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

from notetaker.discordsim.entities import Guild, User
from notetaker.model.transcript import Gap
from notetaker.service import status_socket
from notetaker.store.store import Store
from tests.service.office import SENTENCE, Office
from tests.supervisor.host import Host
from tests.systemd.patience import Wrong, expect, until
from tests.systemd.talker import Talker

SILENCE_S = 6.0
"""Half a minute in production. The test has less time."""
RESTART_S = SILENCE_S + 20.0
"""For the watchdog to notice, the stacks to be written and the next process to come up on a busy machine."""
HEARD_S = 45.0
HEARD = 25
"""Packets, half a second of speech."""

BOT, WORKER = "notetaker:notetaker-bot", "notetaker:notetaker-worker-0"
WATCHDOG = "notetaker-watchdog:notetaker-watchdog"

BOT_LOG, WATCHDOG_LOG, SUPERVISOR_LOG = "notetaker-bot", "notetaker-watchdog", "supervisord"


def configure(office: Office, **settings: str) -> None:
    """Writes the file in which bot and worker look for their settings."""
    everything = {
        "DISCORD_TOKEN": office.bot.token,
        "DISCORD_API_BASE_URL": office.local.api_url,
        "DISCORD_CA_FILE": str(office.local.ca_file),
        "VOICE_HEALTH_INTERVAL": "2",
        **settings,
    }
    office.state.mkdir(exist_ok=True)
    lines = "".join(f"{name}={value}\n" for name, value in everything.items())
    (office.state / ".env").write_text(lines)


class Stage:
    def __init__(
        self, host: Host, office: Office, branches: list[tuple[Guild, User]], checkout: Path
    ) -> None:
        """`branches`: guilds besides the office, with somebody in each. `checkout`: what the processes run."""
        self.host = host
        self.office = office
        self.branches = branches
        self.checkout = checkout
        self.meeting_id = ""
        """Of the meeting that is being held; empty: none is."""
        self.absences = 0
        """How often the bot was away in that meeting."""
        self.spoken = 0
        """Packets that Ben has spoken in that meeting."""
        self.hangs = 0
        """How often a process has fallen silent."""
        self._read = 0
        local = office.local
        self.ada = Talker(local, office.user("Ada"), office.guild.id, office.channel("Standup"))

    # The processes

    async def running(self) -> int:
        """Bot and worker are started and ready. Returns the bot's process id."""
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

    async def said(self) -> dict[str, Any]:
        """What the bot says of itself. Raises Wrong when it does not answer."""
        try:
            return await asyncio.to_thread(status_socket.ask, self.office.state)
        except (status_socket.NotRunning, status_socket.NoAnswer) as error:
            raise Wrong(str(error)) from None

    def starts(self) -> int:
        """Of all processes together, until now."""
        return self.host.log(SUPERVISOR_LOG).count("INFO spawned: ")

    @asynccontextmanager
    async def undisturbed(self) -> AsyncIterator[None]:
        """Whatever happens meanwhile, nothing is started again."""
        await self.running()
        before = self.starts()
        yield
        expect(self.starts() == before, f"{self.starts() - before} processes were started.")

    # The meeting

    async def meeting(self) -> int:
        """Notes are being taken, and Ada is heard. Returns the bot's process id."""
        pid = await self.running()
        if not self.meeting_id:
            await self.ada.here()
            said = await self.office.says("startnotes")
            expect("Notes are being taken" in said, f"/startnotes was answered with: {said}")
            self.meeting_id = (await self.said())["meetings"][0]["id"]
            self.absences = self.spoken = 0
        self.ada.talk()
        await self.heard()
        return pid

    async def heard(self) -> float:
        """Once what Ada says is stored in the meeting, after how many seconds. Raises Wrong."""
        before = await self._heard()

        async def more() -> bool:
            pid, stored = await self._heard()
            return stored >= HEARD + (before[1] if pid == before[0] else 0)

        took = await until(more, HEARD_S, "What Ada says is not stored.")
        running = [meeting["id"] for meeting in (await self.said())["meetings"]]
        expect(running == [self.meeting_id], f"The meetings are {running} instead of {self.meeting_id}.")
        return took

    async def _heard(self) -> tuple[int, int]:
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

    async def goes_on(self, old: int) -> str:
        """Another process than ``old``, the same meeting, and people are told what the notes will tell: returned."""
        await self.host.restarted(BOT, old, RESTART_S)
        self.absences += 1
        await self.heard()
        gap = self.gaps()[-1]
        message = await self.told("I was away")
        expect(gap.cause in message, f"People were told: {message}")
        return f"{(gap.ended_ns - gap.started_ns) / 1e9:.1f} s not heard: {gap.cause}"

    async def ended(self, old: int, name: str = BOT) -> None:
        """Once the watchdog has ended this process, which has fallen silent, and another one runs."""
        self.hangs += 1
        await self.host.restarted(name, old, RESTART_S)
        alarm = f"{name} (process {old}) has given no sign of life for {SILENCE_S:g} s"
        expect(alarm in self.host.log(WATCHDOG_LOG), "That was not the watchdog.")

    async def ben_speaks(self) -> None:
        """In a meeting that runs, to the last packet."""
        async with self.office.person("Ben") as ben:
            await ben.speak(SENTENCE)
        self.spoken += len(SENTENCE)

    async def told(self, text: str) -> str:
        """Once there is another message with that in the text channel."""
        await self.office.until(lambda: any(text in message for message in self._messages()))
        message = next(message for message in self._messages() if text in message)
        self._read = len(self.office.messages())
        return message

    def _messages(self) -> list[str]:
        """What has been posted since we looked last."""
        return [message.content for message in self.office.messages()[self._read :]]

    @contextmanager
    def store(self) -> Iterator[Store]:
        with closing(Store(f"sqlite:///{self.office.state / 'notetaker.db'}")) as store:
            yield store

    def gaps(self) -> list[Gap]:
        """In which the meeting was not heard at all."""
        with self.store() as store:
            return [gap for gap in store.gaps(self.meeting_id) if gap.user_id is None]

    # Discord

    async def fault(self, kind: str, **fields: Any) -> None:
        refused = await self.office.sim("faults", kind=kind, **fields)
        expect(refused is None, f"The local Discord refused the fault {kind}: {refused}")
