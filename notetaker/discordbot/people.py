"""The names of people."""

import asyncio
import logging
from contextlib import suppress

import aiohttp
import discord

from notetaker.discordbot.publish import reason
from notetaker.model.names import Person

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0
"""py-cord itself would wait out five minutes and any rate limit, and the notes with it."""


async def person(
    bot: discord.Bot | discord.AutoShardedBot, guild_id: int, user_id: int, timeout_s: float = TIMEOUT_S
) -> Person:
    """The names in the guild; ``User 123`` if Discord does not tell.

    Members in voice channels are in the cache, because the gateway sends them with their voice states. Discord is
    asked for those who have already left.
    """
    guild = bot.get_guild(guild_id)
    if guild is not None and (member := guild.get_member(user_id)) is not None:
        return _names(member)
    try:
        async with asyncio.timeout(timeout_s):
            if guild is not None:
                with suppress(discord.NotFound):  # has left the guild; the account remains
                    return _names(await guild.fetch_member(user_id))
            return _names(await bot.fetch_user(user_id))
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        log.warning("Cannot look up the name of user %d: %s", user_id, reason(error))
        return Person(f"User {user_id}")


def _names(user: discord.Member | discord.User) -> Person:
    return Person(str(user.display_name), str(user.name))
