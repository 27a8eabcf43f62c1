"""Who is in which voice channel: op 4 of the main gateway, and what moderators do to somebody in voice.

Source: Discord docs, Topics / Voice Connections and Gateway Events / Update Voice State.
"""

import asyncio
from collections.abc import Callable
from enum import Enum, StrEnum, auto

from notetaker.discordsim.gateway.broadcast import Broadcast
from notetaker.discordsim.gateway.server import Gateway
from notetaker.discordsim.gateway.session import Session
from notetaker.discordsim.tasks import Tasks
from notetaker.discordsim.voice.protocol import CloseCode
from notetaker.discordsim.voice.script import Armed, Script
from notetaker.discordsim.voice.server import VoiceServer
from notetaker.discordsim.world.entities import Channel, ChannelType, Json, VoiceState
from notetaker.discordsim.world.world import World


class Event(Enum):
    """An event that answers a request to join."""

    STATE = auto()
    """VOICE_STATE_UPDATE, to everybody in the guild."""
    STATE_TO_OTHERS = auto()
    SERVER = auto()
    """VOICE_SERVER_UPDATE with a new token, to the session that asked."""
    SERVER_AGAIN = auto()
    """The last VOICE_SERVER_UPDATE once more."""
    NO_SERVER = auto()
    """No event: there is a new token, but nobody learns it."""


USUAL = (Event.STATE, Event.SERVER)
"""Discord does not guarantee this order (docs, Voice Connections)."""


class Answer(StrEnum):
    """An unusual way to answer op 4."""

    SERVER_FIRST = auto()
    DUPLICATE = auto()
    NO_STATE = auto()
    NO_SERVER = auto()
    STALE_SERVER = auto()
    NONE = auto()
    """As when the channel is full."""


ANSWERS = {
    Answer.SERVER_FIRST: (Event.SERVER, Event.STATE),
    Answer.DUPLICATE: (Event.STATE, Event.SERVER, Event.STATE, Event.SERVER_AGAIN),
    Answer.NO_STATE: (Event.STATE_TO_OTHERS, Event.SERVER),
    Answer.NO_SERVER: (Event.STATE, Event.NO_SERVER),
    Answer.STALE_SERVER: (Event.STATE, Event.SERVER, Event.SERVER),
    Answer.NONE: (),
}

VOICE_EVENTS = "voice_events"
"""The kind of the fault that asks for one of these answers."""


class VoiceStates:
    """``script`` says which requests get an unusual answer."""

    def __init__(
        self, world: World, gateway: Gateway, broadcast: Broadcast, voice: VoiceServer, script: Script
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._broadcast = broadcast
        self._voice = voice
        self._script = script
        self._without_server: set[tuple[int, int]] = set()
        """(guild id, user id) of those who wait for another voice server."""
        self._tasks = Tasks()

    async def stop(self) -> None:
        await self._tasks.cancel()

    async def update(self, session: Session, data: Json) -> None:
        """Handle op 4. A request that is not allowed gets no answer, as on Discord.

        Raises KeyError, TypeError or ValueError if it is malformed. Ids may be ints or strings.
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
        fault = self._script.strike(session.user.id, guild.id, VOICE_EVENTS)
        answer = ANSWERS[Answer(fault.mode)] if fault and fault.mode else USUAL
        if not answer:
            return
        state = VoiceState(
            guild.id,
            session.user.id,
            channel.id,
            session.id,
            self_mute=bool(data.get("self_mute", False)),
            self_deaf=bool(data.get("self_deaf", False)),
        )
        self._enter(state, session, answer)

    def answer_with(self, mode: Answer, user_id: int, times: int = 1, guild_id: int | None = None) -> None:
        """Answer the user's next requests to join in an unusual way."""
        self._script.arm(Armed(VOICE_EVENTS, user_id, guild_id, times, mode=mode))

    def move(self, guild_id: int, user_id: int, channel_id: int) -> bool:
        """Move somebody to another voice channel. Return False if they were in none."""
        before = self._world.guilds[guild_id].voice_states.get(user_id)
        if before is None:
            return False
        state = VoiceState(
            guild_id, user_id, channel_id, before.session_id, before.self_mute, before.self_deaf
        )
        self._enter(state, self._gateway.sessions.get(before.session_id), USUAL)
        return True

    async def disconnect(
        self,
        guild_id: int,
        user_id: int,
        code: int = CloseCode.DISCONNECTED,
        *,
        audience: Callable[[int], bool] = lambda user_id: True,
    ) -> bool:
        """Remove somebody from voice. Return False if they were in no channel."""
        state = self._world.guilds[guild_id].voice_states.pop(user_id, None)
        if state is None:
            return False
        previous_id, state.channel_id = state.channel_id, None
        self._broadcast.voice_state(state, previous_id, audience=audience)
        await self._voice.release(guild_id=guild_id, user_id=user_id, code=code)
        return True

    async def session_ended(self, session: Session) -> None:
        """End the voice connections of a main gateway session that ended (api-docs#2257)."""
        for guild in list(self._world.guilds.values()):
            state = guild.voice_states.get(session.user.id)
            if state is not None and state.session_id == session.id:
                await self.disconnect(guild.id, session.user.id)

    def moderate(self, guild_id: int, user_id: int, mute: bool | None, deaf: bool | None) -> bool:
        """Mute or deafen somebody, or undo it; None leaves it as it is. Return False if they are not in voice."""
        guild = self._world.guilds[guild_id]
        state = guild.voice_states.get(user_id)
        if state is None:
            return False
        member = guild.members[user_id]
        member.mute = member.mute if mute is None else mute
        member.deaf = member.deaf if deaf is None else deaf
        self._voice.moderate(guild_id=guild_id, user_id=user_id, mute=member.mute, deaf=member.deaf)
        self._broadcast.voice_state(state, state.channel_id)
        return True

    # Voice servers come and go

    def migrate(self, guild_id: int, user_id: int, close_code: int | None = None) -> bool:
        """Give somebody in voice another voice server, closing the old websocket first if there is a code.

        Return False if they are in no channel, or their main gateway session is gone.
        """
        state = self._world.guilds[guild_id].voice_states.get(user_id)
        session = self._gateway.sessions.get(state.session_id) if state else None
        if state is None or session is None:
            return False
        if close_code is not None:
            self._voice.hang_up(user_id, close_code, guild_id)
        self._broadcast.voice_server(session, guild_id, self._allocate(state), self._endpoint(state))
        return True

    def lose_server(self, guild_id: int, user_id: int, seconds: float) -> bool:
        """Leave somebody without a voice server (endpoint null) for this long, then ``migrate`` them."""
        self._without_server.add((guild_id, user_id))
        if self.migrate(guild_id, user_id):
            self._tasks.spawn(self._find_server(guild_id, user_id, seconds))
            return True
        self._without_server.discard((guild_id, user_id))
        return False

    async def _find_server(self, guild_id: int, user_id: int, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._without_server.discard((guild_id, user_id))
        self.migrate(guild_id, user_id)

    def change_channel(self, channel: Channel, *, region: str | None) -> None:
        """Announce a changed channel. If its region changed, everybody in it gets another voice server."""
        moves = region != channel.rtc_region
        channel.rtc_region = region
        self._broadcast.channel_update(channel)
        for state in self._world.guild_of(channel).in_channel(channel.id) if moves else ():
            self.migrate(state.guild_id, state.user_id)

    async def delete_channel(self, channel: Channel) -> None:
        """Delete a channel, throwing out everybody in it with 4022."""
        guild = self._world.guild_of(channel)
        self._world.remove_channel(channel)
        self._broadcast.channel_delete(channel)
        for state in guild.in_channel(channel.id):
            await self.disconnect(guild.id, state.user_id, CloseCode.CALL_TERMINATED)

    # Joining

    def _enter(self, state: VoiceState, session: Session | None, answer: tuple[Event, ...]) -> None:
        """Put somebody into a channel, and announce it with the events of ``answer``.

        A changed mute or deaf flag alone keeps the voice connection. The same request again asks for a new one:
        clients send it when their voice connection died (discord.js ``VoiceConnection.rejoin``). The voice server
        decides what happens to an old one.
        """
        guild = self._world.guilds[state.guild_id]
        before = guild.voice_states.get(state.user_id)
        previous_id = before.channel_id if before else None
        only_flags = before is not None and before.place == state.place and before.flags != state.flags
        self._world.enter_voice(state)
        if self._world.hides_channels:
            self._broadcast.channel_update(guild.channels[state.channel_id or 0])  # one's own shows its name
        if only_flags or session is None:
            self._broadcast.voice_state(state, previous_id)
            return
        token = ""
        for event in answer:
            if event is Event.STATE:
                self._broadcast.voice_state(state, previous_id)
            elif event is Event.STATE_TO_OTHERS:
                self._broadcast.voice_state(state, previous_id, audience=lambda user: user != state.user_id)
            else:
                token = token if event is Event.SERVER_AGAIN else self._allocate(state)
                if event is not Event.NO_SERVER:
                    self._broadcast.voice_server(session, guild.id, token, self._endpoint(state))

    def _allocate(self, state: VoiceState) -> str:
        """Return a new token for the voice server; the one before becomes invalid."""
        assert state.channel_id is not None
        channel = self._world.guilds[state.guild_id].channels[state.channel_id]
        return self._voice.allocate(
            guild_id=state.guild_id,
            channel_id=channel.id,
            user_id=state.user_id,
            session_id=state.session_id,
            e2ee=channel.type is not ChannelType.STAGE,
            region=channel.rtc_region,
        )

    def _endpoint(self, state: VoiceState) -> str | None:
        return None if (state.guild_id, state.user_id) in self._without_server else self._voice.endpoint
