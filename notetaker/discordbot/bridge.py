"""Between the main gateway and the voice stack: voice events down, "be in this channel" (opcode 4) up.

Discord docs, Voice Connections, "Retrieving Voice Server Information": a client sends Update Voice State, and
is answered by VOICE_STATE_UPDATE (session id) and VOICE_SERVER_UPDATE (endpoint and token), in either order.
Which order it was matters when servers change, so events are handed on inside the call that received them:
py-cord's own way (one asyncio task per event) does not promise that. How payloads become events is in ``payloads``.
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

log = logging.getLogger(__name__)

REST_TIMEOUT = 10.0  # seconds; py-cord itself would wait out any rate limit


class GatewayDown(ConnectionError):
    """The main gateway is not connected, so Discord cannot be told where the bot wants to be."""


class RegionRefused(PermissionError):
    """Discord does not let the bot read or change a channel's voice region."""


class Bridge:
    """``voice.ports.MainGateway``, on py-cord."""

    def __init__(self, bot: discord.AutoShardedBot, shards_up: Collection[int]) -> None:
        """``shards_up``: ids of those that have a session of the main gateway now; kept by whoever knows."""
        self._bot = bot
        self._shards_up = shards_up
        self._events: VoiceEvents | None = None

    def connect(self, events: VoiceEvents) -> None:
        """From now on, ``events`` is told."""
        self._events = events

    @property
    def user_id(self) -> int:
        """The bot's own user id; known after login."""
        if self._bot.user is None:
            raise GatewayDown("The bot is not logged in to Discord.")
        return self._bot.user.id

    async def update_voice_state(self, guild_id: int, channel_id: int | None) -> None:
        """Opcode 4: neither muted nor deafened. Raises GatewayDown."""
        guild = self._bot.get_guild(guild_id)
        if guild is None:
            raise GatewayDown("Discord has not told the bot about this server (yet): it may have an outage.")
        if guild.shard_id not in self._shards_up:
            raise GatewayDown("The bot has lost its main connection to Discord and is reconnecting.")
        channel = discord.Object(channel_id) if channel_id is not None else None
        try:
            await guild.change_voice_state(channel=channel)  # type: ignore[arg-type]  # only its id is read
        except (OSError, discord.ConnectionClosed) as error:
            raise GatewayDown("The bot lost its main connection to Discord at this moment.") from error

    async def voice_region(self, channel_id: int) -> str | None:
        """What the channel's settings ask for; None: Discord chooses. Raises RegionRefused and GatewayDown."""
        async with _asking_discord():
            channel = await self._bot.http.get_channel(channel_id)
        region = channel.get("rtc_region")
        return str(region) if region is not None else None

    async def set_voice_region(self, channel_id: int, region: str | None) -> None:
        """Raises RegionRefused and GatewayDown."""
        async with _asking_discord():
            await self._bot.http.edit_channel(channel_id, reason="Voice cannot be reached", rtc_region=region)

    def received(self, message: str) -> None:
        """One message of the main gateway, as JSON text."""
        # Most messages are none of ours; decoding all of them twice would cost more than this look.
        if self._events is None or not any(event in message for event in EVENTS):
            return
        try:
            event = parse(json.loads(message), self._bot.user.id if self._bot.user else None)
        except ValueError as error:
            log.warning("Discord sent a voice event that cannot be read: %s", error)
            return
        for told in event:
            self._events.receive(told)


@asynccontextmanager
async def _asking_discord() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(REST_TIMEOUT):
            yield
    except (discord.Forbidden, discord.NotFound) as error:
        raise RegionRefused("the bot lacks the permission Manage Channels there") from error
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise GatewayDown("Discord's REST API does not answer as it should") from error
