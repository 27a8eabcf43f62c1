"""The local Discord of a campaign: the office, and branches with one person each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from aiohttp import ClientSession

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.discordsim.world.entities import Guild, User
from notetaker.discordsim.world.world import World
from tests.harness.office import Office
from tests.harness.people import in_voice
from tests.harness.world import add_guild, channel_id, the_bot

BRANCHES = 14
"""Guilds besides the office, with somebody in voice."""


class Branch(NamedTuple):
    guild: Guild
    person: User

    def channel(self, name: str) -> int:
        return channel_id(self.guild, name)

    def in_the_room(self, local: LocalDiscord) -> Speaker:
        """The person, in voice."""
        return in_voice(local, self.person, self.guild.id, self.channel("Room"))


@asynccontextmanager
async def discord(folder: Path) -> AsyncIterator[tuple[Office, list[Branch]]]:
    """It keeps what it needs in the folder, and so does the office."""
    world = World.demo()
    bot = the_bot(world)
    branches = [_branch(world, bot, number) for number in range(1, BRANCHES + 1)]
    async with LocalDiscord(state_dir=folder, world=world) as local, ClientSession() as http:
        yield Office(local, http, folder), branches


def _branch(world: World, bot: User, number: int) -> Branch:
    person = world.add_user(f"person{number}", f"Person {number}")
    return Branch(add_guild(world, f"Branch {number}", person, [bot], "Room"), person)
