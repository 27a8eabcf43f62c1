"""Posting, and notes exactly once.

Discord docs, Create Message: with ``enforce_nonce``, a second message of the same author with the same nonce
"in the past few minutes" is not created; the first is returned. That covers quick repetitions. After a longer
outage or a restart, the channel itself is asked whether the message is already there.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import aiohttp
import discord

from notetaker.model.notes import Posting

NONCE_LENGTH = 25  # Discord docs, Create Message: at most 25 characters
UNKNOWN_CHANNEL = 10003  # Discord docs, JSON Error Codes


class Undelivered(Exception):
    """Discord did not confirm a message, or an answer; it may be there all the same. The text says why."""


@contextmanager
def delivering() -> Iterator[None]:
    """Raises Undelivered instead of what py-cord lets through.

    That is not for a log: aiohttp's errors name the address, in which the token of an interaction may be, and the
    headers, in which the bot's own is.
    """
    try:
        yield
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        raise Undelivered(reason(error)) from None


class Publisher:
    def __init__(self, bot: discord.Bot | discord.AutoShardedBot) -> None:
        self._bot = bot

    async def post(self, posting: Posting, *, look_since: datetime | None) -> int:
        """The id of the message that carries the notes.

        ``look_since``: set if an earlier attempt may have reached Discord; messages since then are searched
        before a new one is sent. Raises Undelivered.
        """
        channel = self._bot.get_partial_messageable(posting.channel_id)
        with delivering():
            if look_since is not None:
                found = await self._find(channel, posting, look_since)
                if found is not None:
                    return found
            message = await channel.send(
                posting.content,
                file=discord.File(io.BytesIO(posting.attachment.encode()), filename=posting.attachment_name),
                nonce=nonce(posting.meeting_id),
                enforce_nonce=True,
                allowed_mentions=discord.AllowedMentions.none(),
            )
        return int(message.id)

    async def say(self, channel_id: int, text: str) -> None:
        """One plain message that mentions nobody. Raises Undelivered."""
        channel = self._bot.get_partial_messageable(channel_id)
        with delivering():
            await channel.send(text, allowed_mentions=discord.AllowedMentions.none())

    async def _find(
        self, channel: discord.PartialMessageable, posting: Posting, since: datetime
    ) -> int | None:
        """Our own message with this posting. The attachment's name counts too: Discord forgets nonces."""
        assert self._bot.user is not None
        async for message in channel.history(limit=None, after=since, oldest_first=True):
            if message.author.id != self._bot.user.id:
                continue
            names = [attachment.filename for attachment in message.attachments]
            if message.nonce == nonce(posting.meeting_id) or posting.attachment_name in names:
                return int(message.id)
        return None


def nonce(meeting_id: str) -> str:
    """The same for the same meeting. The end of an id is its random part."""
    return meeting_id[-NONCE_LENGTH:]


def reason(error: Exception) -> str:
    """Why Discord did not do what it was asked to, for an operator. Never contains a message or an address."""
    if isinstance(error, discord.Forbidden):
        return f"the bot lacks a permission in the channel (Discord: {error.text})"
    if isinstance(error, discord.NotFound) and error.code == UNKNOWN_CHANNEL:
        return f"the channel does not exist any more (Discord: {error.text})"
    if isinstance(error, discord.HTTPException):
        return f"Discord answered {error.status} (code {error.code})"
    return f"Discord could not be reached ({type(error).__name__})"
