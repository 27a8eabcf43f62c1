"""The processes of production against the local Discord, told apart from it by settings alone."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from notetaker.demo.script import VOICES, opus_packets
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.discordsim.world.entities import Guild, Message, User

WAIT_S = 90.0
"""At most, for anything."""

PRELUDE = Path(__file__).parent / "prelude"
"""Goes before every process, see there."""

SENTENCE = opus_packets(VOICES / "01-ada.opus")[:75]
"""1.5 s of speech."""


class Process:
    """``notetaker bot`` or ``notetaker worker``. ``log`` is what it has written so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid
        self._read = asyncio.ensure_future(self._read_log())
        self._grown = asyncio.Event()
        self.log = ""

    async def until(self, text: str) -> None:
        """Until the log says so."""
        async with asyncio.timeout(WAIT_S):
            while text not in self.log:
                assert not self._read.done(), f"the process has ended without {text!r}:\n{self.log}"
                self._grown.clear()
                await self._grown.wait()

    async def exit_code(self) -> int:
        async with asyncio.timeout(WAIT_S):
            await self._read
            return await self._process.wait()

    def send_signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def terminate(self) -> int:
        self.send_signal(signal.SIGTERM)
        return await self.exit_code()

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self.exit_code()

    async def _read_log(self) -> None:
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            self.log += line.decode()
            self._grown.set()
        self._grown.set()


class Office:
    """The demo world's guild "Office", with names instead of ids."""

    def __init__(self, local: LocalDiscord, http: ClientSession, folder: Path) -> None:
        self.local = local
        self.state = folder / "state"
        self._http = http
        self._folder = folder
        self._answers: set[int] = set()

    @property
    def guild(self) -> Guild:
        return next(g for g in self.local.world.guilds.values() if g.name == "Office")

    @property
    def bot(self) -> User:
        return next(u for u in self.local.world.users.values() if u.bot)

    def user(self, name: str) -> User:
        return next(u for u in self.local.world.users.values() if u.display_name == name)

    def channel(self, name: str) -> int:
        return next(c.id for c in self.guild.channels.values() if c.name == name)

    def messages(self, channel: str = "general") -> list[Message]:
        """Posted by the bot outside of interactions, oldest first."""
        found = self.guild.channels[self.channel(channel)].messages.values()
        return [m for m in found if m.author_id == self.bot.id and m.id not in self._answers]

    async def says(self, command: str, *, user: str = "Ada", channel: str = "general") -> str:
        """What the user reads after typing the command; "(only you) " before it if nobody else sees it."""
        body = {
            "user_id": str(self.user(user).id),
            "channel_id": str(self.channel(channel)),
            "command": command,
        }
        shown = await self.sim("interactions", **body, wait=WAIT_S)
        assert "messages" in shown, shown
        assert shown["status"] == "answered", shown
        [message] = shown["messages"]
        self._answers.add(int(message["id"]))
        return ("(only you) " if message["flags"] & 64 else "") + str(message["content"])

    async def sim(self, path: str, **body: Any) -> Any:
        async with self._http.post(f"{self.local.world.cdn_url}/sim/{path}", json=body) as response:
            return None if response.status == 204 else await response.json()

    @asynccontextmanager
    async def person(self, name: str, channel: str = "Standup") -> AsyncIterator[Speaker]:
        """Somebody in a voice channel."""
        async with Speaker(
            api_url=f"{self.local.api_url}/v10",
            token=self.user(name).token,
            ca_file=self.local.ca_file,
            guild_id=self.guild.id,
            channel_id=self.channel(channel),
            name=name,
        ) as speaker:
            yield speaker

    @asynccontextmanager
    async def process(self, command: str, **settings: str) -> AsyncIterator[Process]:
        """Runs in an empty folder with nothing in the environment but these settings. Killed at the end."""
        environment = {
            "HOME": str(self._folder),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PRELUDE),
            "DISCORD_TOKEN": self.bot.token,
            "DISCORD_API_BASE_URL": self.local.api_url,
            "DISCORD_CA_FILE": str(self.local.ca_file),
            "NOTETAKER_STATE_DIR": str(self.state),
            "SPEECH_ENGINE": "pocketsphinx",  # the same words with and without a model on disk
            **settings,
        }
        started = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-m", "notetaker.cli", *command.split(),
            env=environment, cwd=self._folder, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        process = Process(started)
        try:
            yield process
        finally:
            await process.kill()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until the local Discord has something happen after which it holds."""
        async with asyncio.timeout(WAIT_S):
            async for _ in self.local.events.watch(0):
                if holds():
                    return

    async def typed(self, commands: int) -> None:
        """Until so many commands have been typed since the beginning."""
        async with asyncio.timeout(WAIT_S):
            async for event in self.local.events.watch(0):
                commands -= event["event"] == "interaction"
                if not commands:
                    return

    async def posted(self, count: int, channel: str = "general") -> list[Message]:
        """The bot's messages in the channel, once there are so many."""
        await self.until(lambda: len(self.messages(channel)) >= count)
        return self.messages(channel)
