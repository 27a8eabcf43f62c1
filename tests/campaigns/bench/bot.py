"""The real bot process, ``notetaker bot``, taking notes in many channels of a local Discord at once."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import aiohttp

from notetaker.discordsim.world.entities import Guild, VoiceState
from notetaker.discordsim.world.world import World
from tests.campaigns.bench.contender import ContenderFailed
from tests.campaigns.bench.studio import Studio
from tests.harness.people import text_of, type_command
from tests.harness.process import DidNotStart, Process, settings_for
from tests.harness.world import add_guild, channel_id, the_bot

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
        users = [world.add_user(f"u{number}-{n}", f"Person {n}") for n in range(people)]
        guild = add_guild(world, f"Guild {number}", owner, [bot, *users], "Room")
        voice_id, text_id = channel_id(guild, "Room"), channel_id(guild, "general")
        for user in users:
            world.enter_voice(VoiceState(guild.id, user.id, voice_id, f"session of {user.id}"))
        built.append(Room(guild, voice_id, text_id, tuple(user.id for user in users)))
    return world, built


class Used(NamedTuple):
    """What a process uses (proc(5))."""

    cpu_s: float
    """User and system time so far, all threads."""
    rss: int
    """Resident bytes."""


class Bot(Process):
    def __init__(self, studio: Studio) -> None:
        self.state = studio.folder / "state"
        user = the_bot(studio.local.world)
        self.user_id = user.id
        super().__init__("bot", studio.folder / "bot.log", settings_for(studio.local, user, self.state))
        self._studio = studio

    async def start_notes(self, room: Room) -> None:
        """Somebody in the room types /startnotes."""
        place = room.user_ids[0], room.text_id
        async with aiohttp.ClientSession() as http:
            answer = text_of(await type_command(http, self._studio.local, *place, "startnotes"))
        if "I'm taking notes" not in answer:
            raise ContenderFailed(f"/startnotes was answered with: {answer}")

    def used(self) -> Used:
        folder = Path(f"/proc/{self.pid}")
        fields = (folder / "stat").read_text("utf-8").rpartition(") ")[2].split()
        resident = int((folder / "statm").read_text("utf-8").split()[1]) * PAGE
        return Used((int(fields[11]) + int(fields[12])) * TICK_S, resident)

    def pin(self, core: int) -> None:
        """From now on all its threads run on this core."""
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})


@asynccontextmanager
async def a_bot(studio: Studio) -> AsyncIterator[Bot]:
    """The bot of this local Discord. Killed at the end: its meetings would all be finished first."""
    bot = Bot(studio)
    try:
        await bot.start()
        yield bot
    except DidNotStart as error:
        raise ContenderFailed(str(error)) from error
    finally:
        await bot.kill()
