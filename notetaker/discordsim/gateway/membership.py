"""Who belongs to a guild: somebody comes or goes, or the guild itself has an outage.

Source: Discord docs, Events / Gateway Events (Guild Create, Guild Delete, Guild Member Remove).
"""

import asyncio

from notetaker.discordsim.gateway.broadcast import Broadcast
from notetaker.discordsim.gateway.server import Gateway
from notetaker.discordsim.gateway.voice_states import VoiceStates
from notetaker.discordsim.tasks import Tasks
from notetaker.discordsim.world.entities import Guild, User
from notetaker.discordsim.world.world import World


class Membership:
    def __init__(
        self, world: World, gateway: Gateway, broadcast: Broadcast, voice_states: VoiceStates
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._broadcast = broadcast
        self._voice_states = voice_states
        self._tasks = Tasks()

    async def stop(self) -> None:
        await self._tasks.cancel()

    def add(self, guild: Guild, user: User, granted: int = 0) -> None:
        """Let a person join, or a bot be invited with the permissions ``granted``."""
        member = self._world.add_member(guild, user, granted=granted)
        for role_id in member.role_ids:
            role = guild.roles[role_id]
            self._broadcast.role("GUILD_ROLE_CREATE", guild, role, audience=lambda other: other != user.id)
        self._gateway.send_guild(user.id, guild, joined=True)
        self._broadcast.member_add(guild, user.id)

    async def remove(self, guild: Guild, user_id: int) -> None:
        """Remove somebody who was kicked, or leaves, also from voice.

        The others learn that from a voice state (api-docs#1319); the one who goes gets GUILD_DELETE instead.
        """
        await self._voice_states.disconnect(guild.id, user_id, audience=lambda other: other != user_id)
        roles = self._world.remove_member(guild, user_id)
        self._gateway.take_guild(user_id, guild.id, outage=False)
        self._broadcast.member_remove(guild, user_id)
        for role in roles:
            self._broadcast.role_delete(guild, role)

    def outage(self, guild: Guild, seconds: float) -> None:
        """Let nobody hear of a guild for this long, except that it is unavailable."""
        for user_id in guild.members:
            self._gateway.take_guild(user_id, guild.id, outage=True)
        self._gateway.unavailable.add(guild.id)
        self._tasks.spawn(self._end_outage(guild, seconds))

    async def _end_outage(self, guild: Guild, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._gateway.unavailable.discard(guild.id)
        for user_id in guild.members:
            self._gateway.send_guild(user_id, guild)
