"""The local Discord of a campaign: the office, and branches with one person each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from aiohttp import ClientSession

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.discordsim.world.entities import ChannelType, Guild, User
from notetaker.discordsim.world.world import World
from tests.harness.office import Office

BRANCHES = 14
"""Guilds besides the office, with somebody in voice."""


class Branch(NamedTuple):
    guild: Guild
    person: User

    def channel(self, name: str) -> int:
        return next(channel.id for channel in self.guild.channels.values() if channel.name == name)

    def in_the_room(self, local: LocalDiscord) -> Speaker:
        """The person, in voice."""
        return Speaker(
            api_url=f"{local.api_url}/v10", token=self.person.token, ca_file=local.ca_file,
            guild_id=self.guild.id, channel_id=self.channel("Room"), name=self.person.display_name,
        )  # fmt: skip


@asynccontextmanager
async def discord(folder: Path) -> AsyncIterator[tuple[Office, list[Branch]]]:
    """It keeps what it needs in the folder, and so does the office."""
    world = World.demo()
    bot = next(user for user in world.users.values() if user.bot)
    branches = [_branch(world, bot, number) for number in range(1, BRANCHES + 1)]
    async with LocalDiscord(state_dir=folder, world=world) as local, ClientSession() as http:
        yield Office(local, http, folder), branches


def _branch(world: World, bot: User, number: int) -> Branch:
    person = world.add_user(f"person{number}", f"Person {number}")
    guild = world.add_guild(f"Branch {number}", owner=person)
    world.add_member(guild, bot)
    world.add_channel(guild, ChannelType.TEXT, "general")
    world.add_channel(guild, ChannelType.VOICE, "Room")
    return Branch(guild, person)
