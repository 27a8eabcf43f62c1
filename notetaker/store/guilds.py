"""Queries about what servers have set: their settings, and their vocabulary."""

from collections.abc import Iterable
from dataclasses import asdict, fields, replace
from typing import Any

from sqlalchemy import delete, select

from notetaker.model.guild_settings import GuildSettings
from notetaker.model.vocabulary import Entry
from notetaker.store import tables
from notetaker.store.database import Database

_NAMES = frozenset(field.name for field in fields(GuildSettings)) - {"own"}


class Guilds(Database):
    def guild_settings(self, guild_id: int, defaults: GuildSettings) -> GuildSettings:
        """Return what the server has set, and ``defaults`` where it has set nothing."""
        mine = tables.guild_settings.c.guild_id == guild_id
        rows = self._read(select(tables.guild_settings).where(mine))
        own = {row.name: row.value for row in rows if row.name in _NAMES}  # a newer release may know others
        return replace(defaults, **own, own=frozenset(own))

    def set_for_guild(self, guild_id: int, name: str, value: Any) -> None:
        """Store what a server sets; ``name`` is a field of ``GuildSettings``, and None its default."""
        columns = tables.guild_settings.c
        if value is None:
            self._write(
                delete(tables.guild_settings).where(columns.guild_id == guild_id, columns.name == name)
            )
        else:
            self._write(
                self._insert(tables.guild_settings)
                .values(guild_id=guild_id, name=name, value=value)
                .on_conflict_do_update(index_elements=["guild_id", "name"], set_={"value": value})
            )

    def vocabulary(self, guild_id: int) -> list[Entry]:
        """Return the vocabulary of a server, sorted by term."""
        rows = self._read(select(tables.vocabulary).where(tables.vocabulary.c.guild_id == guild_id))
        return sorted(
            (Entry(row.term, row.heard, row.by) for row in rows), key=lambda one: (one.term, one.key)
        )

    def has_met(self, guild_id: int, user_id: int) -> bool:
        """Return whether somebody was in a meeting of a server."""
        found = (
            select(tables.speakers.c.user_id)
            .join_from(tables.speakers, tables.meetings)
            .where(tables.meetings.c.guild_id == guild_id, tables.speakers.c.user_id == user_id)
        )
        return bool(self._read(found.limit(1)))

    def add_vocabulary(self, guild_id: int, entries: Iterable[Entry]) -> None:
        """Store entries. One with the key of another replaces it."""
        self._write(
            *(
                self._insert(tables.vocabulary)
                .values(guild_id=guild_id, key=entry.key, **asdict(entry))
                .on_conflict_do_update(index_elements=["guild_id", "key"], set_=asdict(entry))
                for entry in entries
            )
        )

    def remove_vocabulary(self, guild_id: int, entries: Iterable[Entry]) -> None:
        """Remove entries, by their keys. It is no error if one is not there."""
        columns = tables.vocabulary.c
        keys = [entry.key for entry in entries]
        self._write(delete(tables.vocabulary).where(columns.guild_id == guild_id, columns.key.in_(keys)))
