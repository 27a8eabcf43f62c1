"""Queries about the indexes of meetings, in which the search looks."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, Select, delete, insert, select

from notetaker.model.meeting import MeetingState
from notetaker.notes.search.finding import Head
from notetaker.notes.search.index import Index
from notetaker.notes.search.ranking import Lines, Places
from notetaker.store import tables
from notetaker.store.database import Database


class Indexes(Database):
    def save_index(self, meeting_id: str, index: Index) -> None:
        """Store what the search knows of a meeting, instead of what it knew before."""
        head = {"meeting_id": meeting_id, "language": index.language, "size": len(index.lines)}
        lines = [list(line) for line in index.lines]
        terms = [
            {"meeting_id": meeting_id, "term": term, "lines": list(numbers)}
            for term, numbers in index.places.items()
        ]
        with self._transaction() as connection:
            connection.execute(delete(tables.indexes).where(tables.indexes.c.meeting_id == meeting_id))
            # Another process may be indexing it as well.
            added = connection.execute(
                self._insert(tables.indexes)
                .values(**head, lines=lines)
                .on_conflict_do_nothing()
                .returning(tables.indexes.c.meeting_id)
            ).first()
            if terms and added:
                connection.execute(insert(tables.terms), terms)

    def unindexed(self) -> list[str]:
        """Return the ids of the meetings with notes in which the search cannot look yet, newest first."""
        columns = tables.meetings.c
        with_notes = columns.state.not_in([MeetingState.RECORDING.value, MeetingState.FINISHING.value])
        rows = self._read(
            select(columns.id)
            .where(with_notes, columns.id.not_in(select(tables.indexes.c.meeting_id)))
            .order_by(columns.started_ns.desc())
        )
        return [row.id for row in rows]

    def heads(self, guild_id: int | None) -> dict[str, Head]:
        """Return what is indexed of a guild, or of all guilds."""
        speakers, indexes = tables.speakers.c, tables.indexes.c
        names: defaultdict[str, dict[int, str]] = defaultdict(dict)
        for row in self._read(_in(guild_id, speakers.meeting_id, select(tables.speakers))):
            names[row.meeting_id][row.user_id] = row.name
        heads = select(indexes.meeting_id, indexes.language, indexes.size)
        return {
            row.meeting_id: Head(row.language, row.size, names[row.meeting_id])
            for row in self._read(_in(guild_id, indexes.meeting_id, heads))
        }

    def term_places(self, guild_id: int | None, terms: Collection[str]) -> dict[str, Places]:
        """Return where terms were said, by meeting, without meetings that have none of them."""
        columns = tables.terms.c
        found: defaultdict[str, dict[str, Sequence[int]]] = defaultdict(dict)
        for row in self._read(
            _in(guild_id, columns.meeting_id, select(tables.terms).where(columns.term.in_(terms)))
        ):
            found[row.meeting_id][row.term] = row.lines
        return dict(found)

    def indexed_lines(self, meeting_ids: Collection[str]) -> dict[str, Lines]:
        """Return what ``notes.search.ranking`` needs to know of each line, by meeting."""
        columns = tables.indexes.c
        rows = self._read(
            select(columns.meeting_id, columns.lines).where(columns.meeting_id.in_(meeting_ids))
        )
        return {row.meeting_id: row.lines for row in rows}


def _in(guild_id: int | None, meeting_id: Column[str], query: Select[Any]) -> Select[Any]:
    """Return the query for the meetings of one guild; None for all."""
    if guild_id is None:
        return query
    return query.join(tables.meetings, tables.meetings.c.id == meeting_id).where(
        tables.meetings.c.guild_id == guild_id
    )
