"""What servers set for their meetings, from the database: ``discordbot.ports.ServerSettings``."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ParamSpec, TypeVar

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Refused
from notetaker.meetings.saving import PATIENCE_S
from notetaker.meetings.storage import NO_ANSWER, Storage
from notetaker.model.guild_settings import GuildSettings
from notetaker.model.vocabulary import MOST, Entry
from notetaker.store.database import Rejected, StoreError

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class ServerSettings:
    def __init__(self, storage: Storage, defaults: GuildSettings) -> None:
        self._storage = storage
        self.defaults = defaults
        """The operator's settings."""

    async def read(self, guild_id: int) -> GuildSettings:
        """Return the settings of a server. Raises StoreError."""
        return await self.database(self._storage.store.guild_settings, guild_id, self.defaults)

    # discordbot.ports.ServerSettings

    async def of(self, guild_id: int) -> GuildSettings:
        return await self.answered(self.read(guild_id))

    async def set(self, guild_id: int, name: str, value: Any) -> None:
        await self.answered(self.database(self._storage.store.set_for_guild, guild_id, name, value))

    async def vocabulary(self, guild_id: int) -> list[Entry]:
        return await self.answered(self.database(self._storage.store.vocabulary, guild_id))

    async def add_vocabulary(self, guild_id: int, entries: Sequence[Entry]) -> None:
        known = {entry.key for entry in await self.vocabulary(guild_id)}
        if len(known | {entry.key for entry in entries}) > MOST:
            raise Refused(replies.vocabulary_full(MOST))
        add = self._storage.store.add_vocabulary
        await self.answered(self.database(add, guild_id, entries))

    async def has_met(self, guild_id: int, user_id: int) -> bool:
        return await self.answered(self.database(self._storage.store.has_met, guild_id, user_id))

    async def remove_vocabulary(self, guild_id: int, entries: Sequence[Entry]) -> None:
        await self.answered(self.database(self._storage.store.remove_vocabulary, guild_id, entries))

    async def answered(self, call: Coroutine[Any, Any, T]) -> T:
        """Raises Refused if the database cannot be used."""
        try:
            return await call
        except StoreError as error:
            bug = error if isinstance(error.__cause__, Rejected) else None
            log.warning("Cannot read or store the settings of a server: %s", error, exc_info=bug)
            raise Refused(replies.NO_SETTINGS) from error

    async def database(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises StoreError, also if the database does not answer in time."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._storage.database(call, *args, **kwargs)
        except (TimeoutError, Rejected) as error:
            raise StoreError(str(error) or NO_ANSWER) from error
