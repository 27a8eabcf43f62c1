"""Posts messages, and notes exactly once.

Discord docs, Create Message: with ``enforce_nonce``, a second message of the same author with the same nonce
"in the past few minutes" is not created; the first is returned. That covers quick repetitions. After a longer
outage or a restart, the channel itself is asked whether the message is already there.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import aiohttp
import discord

from notetaker.model.notes import Posting

NONCE_LENGTH = 25  # Discord docs, Create Message: at most 25 characters
PAGE = 100  # Discord docs, Get Channel Messages: at most so many at once

# Discord docs, JSON Error Codes
UNKNOWN_CHANNEL = 10003
NO_DIRECT_MESSAGES = 50007, 50278  # blocked or switched off; no server in common
THREAD_CLOSED = 50083, 160005  # archived, locked
PASSING = frozenset({20016, 20028, 20029, 30046, 40003, 40004, 40006, 40062, 110000, 130000})
"""Refusals that time ends: slow mode, rate limits, and what Discord has switched off or cannot do for the moment."""


class Undelivered(Exception):
    """Discord did not confirm a message or an answer, which may be there anyway. The text says why."""


class Undeliverable(Undelivered):
    """Discord does not take a message in this place, however often it is tried."""


UNUSABLE = (
    discord.DiscordException,
    aiohttp.ClientError,
    OSError,
    TypeError,  # an answer that is not Discord's, such as a proxy's page: py-cord takes it for what it asked for
    KeyError,
    ValueError,
    AttributeError,
)
"""How a request to Discord may fail."""


@contextmanager
def delivering() -> Iterator[None]:
    """Raise Undelivered, or Undeliverable, in place of py-cord's and aiohttp's errors.

    Those must not reach a log: they contain the URL, which may hold the token of an interaction, and the headers,
    which hold the bot's token.
    """
    try:
        yield
    except UNUSABLE as error:
        raise (Undeliverable if _final(error) else Undelivered)(reason(error)) from None


class Publisher:
    """Posts into text channels and direct messages."""

    def __init__(self, bot: discord.Bot | discord.AutoShardedBot) -> None:
        self._bot = bot

    async def post(self, posting: Posting, *, look_since: datetime | None) -> int:
        """Post the notes and return the id of their message. Raises Undelivered and Undeliverable.

        ``look_since`` is set when an earlier attempt may have reached Discord. The messages since then are searched
        before a new one is sent.
        """
        channel = self._bot.get_partial_messageable(posting.channel_id)
        with delivering():
            if look_since is not None:
                found = await self._find(posting, look_since)
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

    async def direct(self, user_id: int) -> int:
        """Return the channel of direct messages to a user. Raises Undelivered and Undeliverable."""
        with delivering():
            channel = await self._bot.create_dm(discord.Object(user_id))
        return int(channel.id)

    async def say(self, channel_id: int, text: str, buttons: Sequence[Any] = ()) -> None:
        """Post a plain message that mentions nobody, with rows of buttons. Raises Undelivered."""
        nobody = discord.AllowedMentions.none().to_dict()
        with delivering():
            await self._bot.http.send_message(
                channel_id, text, allowed_mentions=nobody, components=[*buttons] or None
            )

    async def write_to(self, user_id: int, text: str) -> None:
        """Send a direct message. Raises Undelivered, also if the person takes none from the bot."""
        with delivering():
            channel = await self._bot.create_dm(discord.Object(user_id))
            await channel.send(text, allowed_mentions=discord.AllowedMentions.none())

    async def _find(self, posting: Posting, since: datetime) -> int | None:
        """The id of our message with this posting. Discord forgets nonces, so the attachment's name counts too.

        Messages are read as Discord sends them: py-cord fails on those that have a thread (2.8.1).
        """
        assert self._bot.user is not None
        after = discord.utils.time_snowflake(since)
        while True:
            found = await self._bot.http.logs_from(posting.channel_id, PAGE, after=after)
            for message in sorted(found, key=lambda message: int(message["id"])):
                names = [attachment["filename"] for attachment in message["attachments"]]
                ours = int(message["author"]["id"]) == self._bot.user.id
                known = message.get("nonce") == nonce(posting.meeting_id)
                if ours and (known or posting.attachment_name in names):
                    return int(message["id"])
                after = int(message["id"])
            if len(found) < PAGE:
                return None


def nonce(meeting_id: str) -> str:
    """The nonce of a meeting's notes, always the same. The end of a meeting id is its random part."""
    return meeting_id[-NONCE_LENGTH:]


def _final(error: Exception) -> bool:
    """Return whether Discord says, with one of its own codes, why it does not take the request as it is.

    Code 0 is a refusal of the token, or of a proxy in front of Discord.
    """
    if not isinstance(error, discord.HTTPException) or error.code in PASSING:
        return False
    return 400 <= error.status < 500 and error.status not in (401, 429) and error.code > 0


def reason(error: Exception) -> str:
    """Why a request to Discord failed, for an operator. It never contains a message or a URL."""
    code = error.code if isinstance(error, discord.HTTPException) else 0
    if code in NO_DIRECT_MESSAGES:
        return "the person takes no direct messages from the bot"
    if code in THREAD_CLOSED:
        return "the thread is closed"
    if isinstance(error, discord.Forbidden):
        return f"the bot lacks a permission in the channel (Discord: {error.text})"
    if code == UNKNOWN_CHANNEL:
        return "the channel no longer exists"
    if isinstance(error, discord.HTTPException):
        return f"Discord answered {error.status} (code {error.code})"
    return f"Discord could not be reached ({type(error).__name__})"
