"""The real bot process, ``notetaker bot``, taking notes in many channels of a local Discord at once."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import aiohttp

from notetaker.discordsim.world.entities import ChannelType, Guild, VoiceState
from notetaker.discordsim.world.world import World
from tests.campaigns.bench.contender import ContenderFailed
from tests.campaigns.bench.studio import WAIT_S, Studio

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Room:
    """A guild with a voice channel, and who is in it."""

    guild: Guild
    voice_id: int
    text_id: int
    user_ids: tuple[int, ...]


def build(rooms: int, people: int) -> tuple[World, list[Room]]:
    """A world with one bot in so many guilds, and so many people in the voice channel of each."""
    world = World()
    owner = world.add_user("owner", "Owner")
    bot = world.add_bot("Notetaker", owner=owner)
    built = []
    for number in range(rooms):
        guild = world.add_guild(f"Guild {number}", owner=owner)
        world.add_member(guild, bot)
        text = world.add_channel(guild, ChannelType.TEXT, "general")
        voice = world.add_channel(guild, ChannelType.VOICE, "Room")
        users = [world.add_user(f"u{number}-{n}", f"Person {n}") for n in range(people)]
        for user in users:
            world.add_member(guild, user)
            world.enter_voice(VoiceState(guild.id, user.id, voice.id, f"session of {user.id}"))
        built.append(Room(guild, voice.id, text.id, tuple(user.id for user in users)))
    return world, built


class Used(NamedTuple):
    """What a process uses (proc(5))."""

    cpu_s: float
    """User and system time so far, all threads."""
    rss: int
    """Resident bytes."""


class Bot:
    """``log`` is what it has written so far."""

    def __init__(self, process: asyncio.subprocess.Process, studio: Studio) -> None:
        self.log = ""
        self.state = studio.folder / "state"
        self._process = process
        self._studio = studio
        self._reading = asyncio.ensure_future(self._read())
        self._grown = asyncio.Event()

    @property
    def user_id(self) -> int:
        return next(user.id for user in self._studio.local.world.users.values() if user.bot)

    async def ready(self) -> None:
        async with asyncio.timeout(WAIT_S):
            while "Ready as" not in self.log:
                if self._reading.done():
                    raise ContenderFailed(f"the bot has ended:\n{self.log}")
                self._grown.clear()
                await self._grown.wait()

    async def start_notes(self, room: Room) -> None:
        """Somebody in the room types /startnotes."""
        body = {
            "user_id": str(room.user_ids[0]),
            "channel_id": str(room.text_id),
            "command": "startnotes",
            "wait": WAIT_S,
        }
        url = f"{self._studio.local.world.cdn_url}/sim/interactions"
        async with aiohttp.ClientSession() as http, http.post(url, json=body) as response:
            shown = await response.json()
        answer = shown["messages"][0]["content"] if shown.get("messages") else str(shown)
        if "I'm taking notes" not in answer:
            raise ContenderFailed(f"/startnotes was answered with: {answer}")

    def used(self) -> Used:
        folder = Path(f"/proc/{self._process.pid}")
        fields = (folder / "stat").read_text("utf-8").rpartition(") ")[2].split()
        resident = int((folder / "statm").read_text("utf-8").split()[1]) * PAGE
        return Used((int(fields[11]) + int(fields[12])) * TICK_S, resident)

    def pin(self, core: int) -> None:
        """From now on all its threads run on this core."""
        for thread in Path(f"/proc/{self._process.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})

    async def close(self) -> None:
        self._process.kill()  # its meetings would all be finished first
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.log += line.decode()
            self._grown.set()
        self._grown.set()


@asynccontextmanager
async def a_bot(studio: Studio) -> AsyncIterator[Bot]:
    """The bot of this local Discord, with nothing but these settings. Killed at the end."""
    token = next(user.token for user in studio.local.world.users.values() if user.bot)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "notetaker.cli", "bot",
        env={
            "HOME": str(studio.folder),
            "PATH": os.environ["PATH"],
            "DISCORD_TOKEN": token,
            "DISCORD_API_BASE_URL": studio.local.api_url,
            "DISCORD_CA_FILE": str(studio.ca_file),
            "NOTETAKER_STATE_DIR": str(studio.folder / "state"),
        },
        cwd=studio.folder,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    bot = Bot(process, studio)
    try:
        await bot.ready()
        yield bot
    finally:
        await bot.close()
