"""What meetings have to tell their people, and to ask of Discord. ``recordings.Front``."""

import asyncio
import logging

from notetaker.discordbot import permission_checks
from notetaker.discordbot.bot import NotetakerBot
from notetaker.discordbot.publish import Undelivered

log = logging.getLogger(__name__)

SAY_S = 30.0
"""For a message; py-cord itself would wait out five minutes and any rate limit."""
FAREWELL_S = 5.0
"""When the process stops: whoever stops it waits, and may start it again, to go on with the meetings."""


class DiscordFront:
    def __init__(self, discord: NotetakerBot) -> None:
        self._discord = discord
        self._patience_s = SAY_S
        self._limits: set[asyncio.Timeout] = set()

    async def say(self, channel_id: int, text: str) -> None:
        if self._discord.user is None:
            log.warning("A message about a meeting could not be posted: the bot has not been on Discord yet")
            return
        limit = asyncio.timeout(self._patience_s)
        self._limits.add(limit)
        try:
            async with limit:
                await self._discord.publisher.say(channel_id, text)
        except Undelivered as failed:
            log.warning("A message about a meeting could not be posted: %s", failed)
        except TimeoutError:
            log.warning("A message about a meeting could not be posted: Discord does not answer")
        finally:
            self._limits.discard(limit)

    def obstacle(self, guild_id: int, channel_id: int) -> str | None:
        return permission_checks.to_returning(self._discord.get_guild(guild_id), channel_id)

    def hurry(self) -> None:
        """The process stops."""
        self._patience_s = FAREWELL_S
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time() + FAREWELL_S)
