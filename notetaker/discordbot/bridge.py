"""Between the main gateway and the voice stack: voice events down, "be in this channel" (opcode 4) up.

Discord docs, Voice Connections, "Retrieving Voice Server Information": a client sends Update Voice State, and
is answered by VOICE_STATE_UPDATE (session id) and VOICE_SERVER_UPDATE (endpoint and token), in either order.
Which order it was matters when servers change, so events are handed on inside the call that received them:
py-cord's own way (one asyncio task per event) does not promise that.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

import discord

from notetaker.discordbot.ports import VoiceEvents
from notetaker.model.voice import VoiceServer, VoiceState

log = logging.getLogger(__name__)

VOICE_EVENTS = "VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"


class GatewayDown(ConnectionError):
    """The main gateway is not connected, so Discord cannot be told where the bot wants to be."""


def parse(payload: Mapping[str, Any]) -> VoiceState | VoiceServer | None:
    """The voice event of a guild in a gateway payload, None if it is none. Raises ValueError when malformed."""
    event, data = payload.get("t"), payload.get("d")
    if event not in VOICE_EVENTS:
        return None
    try:
        if not data.get("guild_id"):  # type: ignore[union-attr]  # a call between users has no guild
            return None
        assert data is not None
        guild_id = int(data["guild_id"])
        if event == "VOICE_SERVER_UPDATE":
            return VoiceServer(guild_id=guild_id, token=str(data["token"]), endpoint=data.get("endpoint"))
        channel_id = data.get("channel_id")
        return VoiceState(
            guild_id=guild_id,
            channel_id=int(channel_id) if channel_id else None,
            user_id=int(data["user_id"]),
            session_id=str(data["session_id"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{event} without a usable {error}") from None


class Bridge:
    """``voice.ports.MainGateway``, on py-cord."""

    def __init__(self, bot: discord.AutoShardedBot) -> None:
        self._bot = bot
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
        shard = self._bot.get_shard(guild.shard_id)
        if shard is None or shard.is_closed():
            raise GatewayDown("The bot has lost its main connection to Discord and is reconnecting.")
        channel = discord.Object(channel_id) if channel_id is not None else None
        try:
            await guild.change_voice_state(channel=channel)  # type: ignore[arg-type]  # only its id is read
        except (OSError, discord.ConnectionClosed) as error:
            raise GatewayDown("The bot lost its main connection to Discord at this moment.") from error

    def received(self, message: str) -> None:
        """One message of the main gateway, as JSON text."""
        # Most messages are none of ours; decoding all of them twice would cost more than this look.
        if self._events is None or not any(event in message for event in VOICE_EVENTS):
            return
        try:
            event = parse(json.loads(message))
        except ValueError as error:
            log.warning("Discord sent a voice event that cannot be read: %s", error)
            return
        match event:
            case VoiceState():
                self._events.voice_state_update(event)
            case VoiceServer():
                self._events.voice_server_update(event)
