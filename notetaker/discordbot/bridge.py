"""Connects the main gateway and the voice stack: voice events down, "be in this channel" (opcode 4) up.

Discord docs, Voice Connections, "Retrieving Voice Server Information": a client sends Update Voice State, and
is answered by VOICE_STATE_UPDATE (session id) and VOICE_SERVER_UPDATE (endpoint and token), in either order.
The order matters when servers change, so events are passed on inside the call that received them; py-cord's own way,
one asyncio task per event, does not guarantee it. ``payloads`` turns payloads into events.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import aiohttp
import discord

from notetaker.discordbot.payloads import EVENTS, parse
from notetaker.discordbot.ports import VoiceEvents
from notetaker.model.voice import SessionBegan

log = logging.getLogger(__name__)

REST_TIMEOUT = 10.0  # seconds; py-cord itself would wait out any rate limit


class GatewayDown(ConnectionError):
    """The main gateway is not connected, so the bot cannot ask to join or leave a channel."""


class RegionRefused(PermissionError):
    """Discord refuses to let the bot read or change a channel's voice region."""


class Bridge:
    """Implements ``voice.ports.MainGateway`` on py-cord."""

    def __init__(self, bot: discord.AutoShardedBot, shards_up: Collection[int]) -> None:
        """``shards_up`` holds the ids of the shards with a main-gateway session; the caller keeps it current."""
        self._bot = bot
        self._shards_up = shards_up
        self._events: VoiceEvents | None = None

    def connect(self, events: VoiceEvents) -> None:
        """Pass voice events to ``events`` from now on."""
        self._events = events

    @property
    def user_id(self) -> int:
        """The bot's own user id, known after login. Raises GatewayDown before."""
        if self._bot.user is None:
            raise GatewayDown("The bot is not logged in to Discord.")
        return self._bot.user.id

    async def update_voice_state(self, guild_id: int, channel_id: int | None) -> None:
        """Send opcode 4, neither muted nor deafened. Raises GatewayDown."""
        guild = self._bot.get_guild(guild_id)
        if guild is None:
            raise GatewayDown(
                "Discord has not made this server available to the bot yet; it may have an outage."
            )
        if guild.shard_id not in self._shards_up:
            raise GatewayDown("The bot has lost its main connection to Discord and is reconnecting.")
        channel = discord.Object(channel_id) if channel_id is not None else None
        try:
            await guild.change_voice_state(channel=channel)  # type: ignore[arg-type]  # only its id is read
        except (OSError, discord.ConnectionClosed) as error:
            raise GatewayDown("The bot has just lost its main connection to Discord.") from error

    async def voice_region(self, channel_id: int) -> str | None:
        """The channel's region override; None if Discord chooses. Raises RegionRefused and GatewayDown."""
        async with _asking_discord():
            channel = await self._bot.http.get_channel(channel_id)
        region = channel.get("rtc_region")
        return str(region) if region is not None else None

    async def set_voice_region(self, channel_id: int, region: str | None) -> None:
        """Set the channel's region override. Raises RegionRefused and GatewayDown."""
        async with _asking_discord():
            await self._bot.http.edit_channel(channel_id, reason="Voice cannot be reached", rtc_region=region)

    def received(self, message: str) -> None:
        """Handle one message of the main gateway, as JSON text."""
        # Few messages are about voice, and decoding all of them a second time would cost more than this check.
        if self._events is None or not any(event in message for event in EVENTS):
            return
        try:
            payload = json.loads(message)
            events = parse(payload, self._bot.user.id if self._bot.user else None)
        except ValueError as error:
            log.warning("Ignoring a malformed voice event from Discord: %s", error)
            return
        if payload.get("t") == "GUILD_CREATE":
            self._forget_voices(int(payload["d"]["id"]))
        for event in events:
            if isinstance(event, SessionBegan):
                self._forget_guilds(event)
            self._events.receive(event)

    def _forget_voices(self, guild_id: int) -> None:
        """GUILD_CREATE lists everyone in voice. py-cord would keep those who left while the server had an outage."""
        guild = self._bot.get_guild(guild_id)
        if guild is not None:
            guild._voice_states.clear()

    def _forget_guilds(self, began: SessionBegan) -> None:
        """Who was removed from a server while away is told so only by its absence, which py-cord does not notice."""
        for guild in self._bot.guilds:
            if guild.shard_id == began.shard_id and guild.id not in began.guild_ids:
                self._bot._connection._remove_guild(guild)
                self._bot.dispatch("guild_remove", guild)


@asynccontextmanager
async def _asking_discord() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(REST_TIMEOUT):
            yield
    except (discord.Forbidden, discord.NotFound) as error:
        raise RegionRefused("the bot needs the Manage Channels permission there") from error
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise GatewayDown("Discord's REST API is not working") from error
