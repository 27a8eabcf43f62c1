"""The local Discord of a campaign: one bot, a guild for every meeting, and one where nobody takes notes."""

from __future__ import annotations

from dataclasses import dataclass

from notetaker.discordsim.world.entities import Guild, User
from notetaker.discordsim.world.permissions import Permission
from notetaker.discordsim.world.world import World
from tests.harness.world import add_guild, channel_id

PEOPLE = 2
"""Who speak in a meeting: with fewer, nobody would speak to anybody while the bot is away."""
CROWD = 20
"""Who type commands at once where nobody takes notes."""
CHANNELS = 24
"""Voice channels of a guild. One fault deletes them."""


@dataclass(frozen=True)
class Site:
    """One guild: who speaks there, and where."""

    guild: Guild
    people: list[User]
    guest: User
    """Comes and goes, and says nothing."""
    text_channel_id: int
    voice_channel_ids: list[int]


class Place:
    """Every run has the same ids: names in logs mean the same."""

    def __init__(self, meetings: int) -> None:
        self.world = World()
        with self.world.founding():
            self.owner = self.world.add_user("owner", "Owner")
            self.bot = self.world.add_bot("Notetaker", owner=self.owner)
            self.sites = [self._site(f"Guild {number}", PEOPLE) for number in range(1, meetings + 1)]
            self.crowd = self._site("Crowd", CROWD)

    def _site(self, name: str, people: int) -> Site:
        users = [self.world.add_user(f"{name} {number}") for number in range(1, people + 1)]
        guest = self.world.add_user(f"{name} guest")
        rooms = [f"Room {number}" for number in range(1, CHANNELS + 1)]
        guild = add_guild(self.world, name, self.owner, [*users, guest], *rooms)
        self.world.add_member(guild, self.bot, granted=Permission.MANAGE_CHANNELS)
        voice = [channel_id(guild, room) for room in rooms]
        return Site(guild, users, guest, channel_id(guild, "general"), voice)
