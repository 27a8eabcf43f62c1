"""Discord as meetings need it, through py-cord. ``ports.Discord``."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import ParamSpec

from notetaker.discordbot import marks, permission_checks, replies, rooms
from notetaker.discordbot.board import Components
from notetaker.discordbot.bot import NotetakerBot
from notetaker.discordbot.publish import Undelivered
from notetaker.model.meeting import Meeting
from notetaker.model.names import Person
from notetaker.model.room import Room

log = logging.getLogger(__name__)

P = ParamSpec("P")

SAY_S = 30.0
"""How long a message may take; py-cord itself would wait five minutes and out any rate limit."""
FAREWELL_S = 5.0
"""... while the process stops: it may be started again at once, to resume the meetings."""


class Announcer:
    def __init__(self, bot: NotetakerBot, *, say_s: float = SAY_S, farewell_s: float = FAREWELL_S) -> None:
        self._bot = bot
        self._patience_s = say_s
        self._farewell_s = farewell_s
        self._limits: set[asyncio.Timeout] = set()

    async def say(self, channel_id: int, text: str, buttons: Components = ()) -> bool:
        return await self._in_time(self._bot.publisher.say, channel_id, text, buttons)

    async def tell(self, meeting: Meeting, text: str) -> None:
        if not await self.say(meeting.text_channel_id, text):
            about = replies.about(meeting, text)
            await self._in_time(self._bot.publisher.write_to, meeting.started_by, about)

    def room(self, guild_id: int, channel_id: int, text_channel_id: int) -> Room | None:
        guild = self._bot.get_guild(guild_id)
        if not self._bot.is_ready() or (guild is not None and not self._bot.follows(guild)):
            return None
        return rooms.room(guild, channel_id, text_channel_id)

    async def mark(self, guild_id: int, channel_id: int) -> bool:
        return await self._in_time(marks.mark, self._bot.get_guild(guild_id), channel_id)

    async def unmark(self, guild_id: int, channel_id: int) -> None:
        await self._in_time(marks.unmark, self._bot.get_guild(guild_id), channel_id)

    async def _in_time(self, call: Callable[P, Awaitable[object]], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Return whether that was done in time. A failure is logged."""
        if self._bot.user is None:
            log.warning("Cannot post a message about a meeting: the bot has not been on Discord yet")
            return False
        limit = asyncio.timeout(self._patience_s)
        self._limits.add(limit)
        try:
            async with limit:
                await call(*args, **kwargs)
            return True
        except Undelivered as failed:
            log.warning("Cannot post a message about a meeting: %s", failed)
        except TimeoutError:
            log.warning("Cannot post a message about a meeting: Discord does not answer")
        finally:
            self._limits.discard(limit)
        return False

    async def person(self, guild_id: int, user_id: int) -> Person:
        return await self._bot.person(guild_id, user_id)

    def rejoin_failure(self, guild_id: int, channel_id: int) -> str | None:
        return permission_checks.to_returning(self._bot.get_guild(guild_id), channel_id)

    def hurry(self) -> None:
        """Shorten every wait, because the process stops."""
        self._patience_s = self._farewell_s
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time() + self._farewell_s)
