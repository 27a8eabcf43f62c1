"""Who is in which voice channel: op 4 of the main gateway, and being moved or disconnected by someone else.

Source: Discord docs, Topics / Voice Connections and Gateway Events / Update Voice State.
"""

from __future__ import annotations

from typing import Protocol

from .broadcast import Broadcast
from .entities import ChannelType, Json, VoiceState
from .gateway import Gateway
from .session import Session
from .world import World

DISCONNECTED = 4014
"""Voice close code: kicked, moved, or the main gateway session is gone (docs, Voice Close Event Codes)."""


class VoiceBackend(Protocol):
    """The voice server as seen from here."""

    @property
    def endpoint(self) -> str: ...

    def allocate(
        self, *, guild_id: int, channel_id: int, user_id: int, session_id: str, e2ee: bool = True
    ) -> str: ...

    async def release(self, *, guild_id: int, user_id: int, code: int = DISCONNECTED) -> None: ...


class VoiceStates:
    def __init__(self, world: World, gateway: Gateway, broadcast: Broadcast, voice: VoiceBackend) -> None:
        self._world = world
        self._gateway = gateway
        self._broadcast = broadcast
        self._voice = voice

    async def request(self, session: Session, data: Json) -> None:
        """Op 4. What may not be is met with silence.

        Raises KeyError, TypeError or ValueError for a malformed request. Ids may be ints or strings.
        """
        guild = self._world.guilds.get(int(data["guild_id"]))
        if guild is None or session.user.id not in guild.members:
            return
        if data.get("channel_id") is None:
            await self.disconnect(guild.id, session.user.id)
            return
        channel = guild.channels.get(int(data["channel_id"]))
        if channel is None or not self._world.may_connect(session.user.id, channel):
            return
        state = VoiceState(
            guild.id,
            session.user.id,
            channel.id,
            session.id,
            self_mute=bool(data.get("self_mute", False)),
            self_deaf=bool(data.get("self_deaf", False)),
        )
        self._enter(state, session)

    def move(self, guild_id: int, user_id: int, channel_id: int) -> bool:
        """Put someone who is in voice into another channel; False if they were in none."""
        before = self._world.guilds[guild_id].voice_states.get(user_id)
        if before is None:
            return False
        state = VoiceState(
            guild_id, user_id, channel_id, before.session_id, before.self_mute, before.self_deaf
        )
        self._enter(state, self._gateway.sessions.get(before.session_id))
        return True

    async def disconnect(self, guild_id: int, user_id: int) -> bool:
        """End someone's stay in voice; False if they were in no channel."""
        before = self._world.guilds[guild_id].voice_states.get(user_id)
        previous_id = before.channel_id if before else None
        state = self._world.leave_voice(guild_id, user_id)
        if state is None:
            return False
        self._broadcast.voice_state(state, previous_id)
        await self._voice.release(guild_id=guild_id, user_id=user_id, code=DISCONNECTED)
        return True

    async def session_ended(self, session: Session) -> None:
        """A main gateway session takes its voice connections with it (api-docs#2257)."""
        for guild in list(self._world.guilds.values()):
            state = guild.voice_states.get(session.user.id)
            if state is not None and state.session_id == session.id:
                await self.disconnect(guild.id, session.user.id)

    def _enter(self, state: VoiceState, session: Session | None) -> None:
        """A changed mute or deaf flag alone keeps the voice connection.

        The same request again asks for a new one: clients send it when their voice connection died
        (discord.js `VoiceConnection.rejoin`). What becomes of an old one is the voice server's affair.
        """
        guild = self._world.guilds[state.guild_id]
        before = guild.voice_states.get(state.user_id)
        previous_id = before.channel_id if before else None
        same_place = before is not None and (previous_id, before.session_id) == (
            state.channel_id,
            state.session_id,
        )
        flags_changed = before is not None and (before.self_mute, before.self_deaf) != (
            state.self_mute,
            state.self_deaf,
        )
        self._world.enter_voice(state)
        self._broadcast.voice_state(state, previous_id)
        if (same_place and flags_changed) or session is None or state.channel_id is None:
            return
        token = self._voice.allocate(
            guild_id=guild.id,
            channel_id=state.channel_id,
            user_id=state.user_id,
            session_id=state.session_id,
            e2ee=guild.channels[state.channel_id].type is not ChannelType.STAGE,
        )
        self._broadcast.voice_server(session, guild.id, token, self._voice.endpoint)
