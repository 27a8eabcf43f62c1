"""Messages of ours that change while a meeting goes on: its panel, and its live text in a thread."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import discord

from notetaker.discordbot import permission_checks
from notetaker.discordbot.publish import Undelivered, delivering
from notetaker.model.meeting import Meeting
from notetaker.model.names import Person, told_apart
from notetaker.model.wording import SECOND_NS, clip

_NAME = 70
"""Most characters of the channel's name in the thread's, which may have 100 (Discord docs, Start Thread)."""
_NO_MENTIONS = discord.AllowedMentions.none().to_dict()
_SILENT = discord.MessageFlags(suppress_notifications=True).value
Components = Sequence[Any]
"""Rows of buttons (Discord docs, Components)."""
_THREAD_EXISTS, _ARCHIVED = 160004, 50083
"""Discord docs, JSON Error Codes."""


class Board:
    def __init__(self, bot: discord.Bot | discord.AutoShardedBot, time_zone: str = "UTC") -> None:
        """``time_zone`` (IANA) is that of the times in names of threads."""
        self._bot = bot
        self._zone = ZoneInfo(time_zone)

    async def place(self, meeting: Meeting, panel_id: int | None) -> int | None:
        """Return the id of the channel for a meeting's live text; in a text channel, of a new thread.

        The thread hangs on the panel, if there is one: without a message, Discord would post a notice. Return None if
        the bot may not show it there. Raises Undelivered and Undeliverable.
        """
        guild = self._bot.get_guild(meeting.guild_id)
        if guild is None or guild.unavailable:
            raise Undelivered("Discord shows nothing of the server")
        channel = guild.get_channel_or_thread(meeting.text_channel_id)
        if not isinstance(channel, discord.TextChannel):
            return meeting.text_channel_id  # there are no threads in a thread or in a voice channel's chat
        if permission_checks.to_live_text(channel, channel.guild.me) is not None:
            return None
        started = datetime.fromtimestamp(meeting.started_ns // SECOND_NS, self._zone)
        kind = discord.ChannelType.news_thread if channel.is_news() else discord.ChannelType.public_thread
        with delivering():
            try:
                thread = await channel.create_thread(
                    name=f"{clip(meeting.voice_channel_name, _NAME)}, {started:%Y-%m-%d %H:%M}",
                    message=None if panel_id is None else discord.Object(panel_id),
                    type=kind,
                    auto_archive_duration=1440,
                    reason="Live text of a meeting",
                )
            except discord.HTTPException as error:
                if error.code == _THREAD_EXISTS and panel_id is not None:
                    return (
                        panel_id  # an answer was lost, or somebody was quicker; it has the id of the message
                    )
                raise
        return thread.id

    def people(self, guild_id: int, channel_id: int) -> dict[int, str]:
        """Return by user id what everyone in a voice channel who is not a bot is called."""
        guild = self._bot.get_guild(guild_id)
        channel = guild.get_channel(channel_id) if guild is not None else None
        if not isinstance(channel, discord.VoiceChannel | discord.StageChannel):
            return {}
        people = (member for member in channel.members if not member.bot)
        return told_apart({one.id: Person(one.display_name, one.name) for one in people})

    async def post(self, channel_id: int, text: str, nonce: str, components: Components = ()) -> int:
        """Post a message without a notification, and return its id. Raises Undelivered and Undeliverable."""
        with delivering():
            message = await self._bot.http.send_message(
                channel_id,
                text,
                nonce=nonce,
                enforce_nonce=True,
                allowed_mentions=_NO_MENTIONS,
                components=list(components),
                flags=_SILENT,
            )
        return int(message["id"])

    async def edit(self, channel_id: int, message_id: int, text: str, components: Components = ()) -> None:
        """Raises Undelivered and Undeliverable."""
        changed = {"content": text, "components": list(components), "allowed_mentions": _NO_MENTIONS}
        with delivering():
            try:
                await self._bot.http.edit_message(channel_id, message_id, **changed)
            except discord.HTTPException as error:
                if error.code != _ARCHIVED:
                    raise
                await self._bot.http.edit_channel(channel_id, archived=False)  # no notes are made in secret
                await self._bot.http.edit_message(channel_id, message_id, **changed)
