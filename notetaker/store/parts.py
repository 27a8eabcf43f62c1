"""Queries about the minutes of parts of meetings."""

from pydantic import TypeAdapter
from sqlalchemy import select

from notetaker.model.minutes import PartMinutes
from notetaker.store import tables
from notetaker.store.database import Database, decoded

_MINUTES = TypeAdapter(PartMinutes)


class Parts(Database):
    def save_part(self, meeting_id: str, key: str, minutes: PartMinutes) -> None:
        """Store the minutes of a part, unless there are some. ``key`` says which lines it has."""
        self._write(
            self._insert(tables.parts)
            .values(meeting_id=meeting_id, key=key, minutes=_MINUTES.dump_python(minutes, mode="json"))
            .on_conflict_do_nothing()
        )

    def parts(self, meeting_id: str) -> dict[str, PartMinutes]:
        """Return the minutes of the parts of a meeting by key."""
        rows = self._read(select(tables.parts).where(tables.parts.c.meeting_id == meeting_id))
        return {row.key: decoded(_MINUTES, row.minutes) for row in rows}
