"""Where live text is shown: a thread of its own, or the chat in which /startnotes was used."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import discord

from notetaker.discordbot import permission_checks
from notetaker.discordbot.publish import Undelivered, delivering
from notetaker.model.meeting import Meeting
from notetaker.model.wording import SECOND_NS, clip

_NAME = 70
"""Most characters of the channel's name in the thread's, which may have 100 (Discord docs, Start Thread)."""
_GONE = {
    10003,  # unknown channel
    10008,  # unknown message
    50001,  # missing access
    50013,  # missing permissions
    50083,  # the thread is archived
    160005,  # the thread is locked
}
"""Refusals that waiting does not change (Discord docs, JSON Error Codes)."""


class Gone(Undelivered):
    """Somebody has taken away the message, the channel or the permission."""


class PageBoard:
    def __init__(self, bot: discord.Bot | discord.AutoShardedBot, time_zone: str = "UTC") -> None:
        """``time_zone`` (IANA) is that of the times in names of threads."""
        self._bot = bot
        self._zone = ZoneInfo(time_zone)

    async def place(self, meeting: Meeting) -> int | None:
        """Return the id of the channel for a meeting's live text; in a text channel, of a new thread.

        Return None if the bot may not show it there. Raises Undelivered, and Gone if trying again is pointless.
        """
        channel = self._bot.get_channel(meeting.text_channel_id)
        if not isinstance(channel, discord.TextChannel):
            return (
                meeting.text_channel_id
            )  # a thread, or a voice channel's chat, in which there are no threads
        if permission_checks.to_live_text(channel, channel.guild.me) is not None:
            return None
        started = datetime.fromtimestamp(meeting.started_ns // SECOND_NS, self._zone)
        with _delivering():
            thread = await channel.create_thread(
                name=f"{clip(meeting.voice_channel_name, _NAME)}, {started:%Y-%m-%d %H:%M}",
                type=discord.ChannelType.news_thread
                if channel.is_news()
                else discord.ChannelType.public_thread,
                auto_archive_duration=1440,
                reason="Live text of a meeting",
            )
        return thread.id

    async def post(self, channel_id: int, text: str, nonce: str) -> int:
        """Post a page without a notification, and return the id of the message. Raises Undelivered and Gone."""
        with _delivering():
            message = await self._bot.get_partial_messageable(channel_id).send(
                text,
                nonce=nonce,
                enforce_nonce=True,
                silent=True,
                allowed_mentions=discord.AllowedMentions.none(),
            )
        return int(message.id)

    async def edit(self, channel_id: int, message_id: int, text: str) -> None:
        """Raises Undelivered and Gone."""
        mentions = discord.AllowedMentions.none().to_dict()
        with _delivering():
            await self._bot.http.edit_message(channel_id, message_id, content=text, allowed_mentions=mentions)


@contextmanager
def _delivering() -> Iterator[None]:
    with delivering():
        try:
            yield
        except discord.HTTPException as error:
            if error.code in _GONE:
                raise Gone(f"Discord answered {error.status} (code {error.code})") from None
            raise
