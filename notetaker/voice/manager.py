"""All voice connections of the bot, one guild each."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp

from notetaker.model.outcome import Coverage
from notetaker.model.voice import VoiceServer, VoiceState
from notetaker.voice.guild import GuildVoice, Limits
from notetaker.voice.ports import MainGateway, SessionSink
from notetaker.voice.websocket import tls_context


class VoiceManager:
    """Create it inside the running event loop; ``close`` it at the end.

    ``on_removed(guild_id, reason)`` is called when the bot was taken out of a channel for good (kicked, or the
    connection is impossible); ``reason`` is a sentence for people.
    """

    def __init__(
        self,
        gateway: MainGateway,
        *,
        connection_timeout_s: float,
        retry_attempts: int,
        ca_file: Path | None,
        on_removed: Callable[[int, str], None] = lambda guild_id, reason: None,
    ) -> None:
        self._gateway = gateway
        self._limits = Limits(connection_timeout_s, retry_attempts)
        self._tls = tls_context(ca_file)
        self._http = aiohttp.ClientSession()
        self._on_removed = on_removed
        self._guilds: dict[int, GuildVoice] = {}

    async def join(self, guild_id: int, channel_id: int, sink: SessionSink | None = None) -> None:
        """Connects to the channel, and records it when a sink is given.

        Returns at once when already there. Raises ``JoinFailed`` after a round of attempts without success.
        """
        guild = self._guild(guild_id)
        await guild.join(channel_id)
        if sink is not None:
            guild.record(sink)

    def record(self, guild_id: int, sink: SessionSink | None) -> None:
        """From now on gives the guild's frames to ``sink``; None: to nobody."""
        self._guild(guild_id).record(sink)

    async def leave(self, guild_id: int) -> None:
        await self._guild(guild_id).leave()

    async def close(self) -> None:
        """Leaves everywhere."""
        await asyncio.gather(*(guild.leave() for guild in self._guilds.values() if guild.intent is not None))
        await self._http.close()

    def channel(self, guild_id: int) -> int | None:
        """The channel that we are connected to in this guild."""
        return self._guild(guild_id).connected_to

    def coverage(self, guild_id: int) -> list[Coverage]:
        """Per speaker, over all sessions of the guild's current recording."""
        return self._guild(guild_id).coverage()

    def voice_state_update(self, state: VoiceState) -> None:
        self._guild(state.guild_id).voice_state_update(state)

    def voice_server_update(self, server: VoiceServer) -> None:
        self._guild(server.guild_id).voice_server_update(server)

    def _guild(self, guild_id: int) -> GuildVoice:
        guild = self._guilds.get(guild_id)
        if guild is None:
            guild = self._guilds[guild_id] = GuildVoice(
                guild_id, self._gateway, self._limits, self._http, self._tls, self._on_removed
            )
        return guild
