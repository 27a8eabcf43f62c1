"""Queries about the panels of meetings."""

from typing import NamedTuple

from sqlalchemy import func, select, update

from notetaker.model.meeting import Meeting
from notetaker.store import tables
from notetaker.store.database import Database
from notetaker.store.meetings import meeting_of


class Progress(NamedTuple):
    words: int
    """How many words have been understood, drafts included."""
    waiting_since_ns: int | None
    """When the oldest utterance without a text ended; None if there is none."""
    live_text: int | None
    """The channel with the live text."""


class Panels(Database):
    def open_panel(self, meeting_id: str, channel_id: int, message_id: int) -> None:
        """Record which message is the panel of a meeting; a later one replaces it."""
        row = {"channel_id": channel_id, "message_id": message_id, "closed": False}
        self._write(
            self._insert(tables.panels)
            .values(meeting_id=meeting_id, **row)
            .on_conflict_do_update(index_elements=["meeting_id"], set_=row)
        )

    def close_panel(self, meeting_id: str) -> None:
        self._write(update(tables.panels).where(tables.panels.c.meeting_id == meeting_id).values(closed=True))

    def panel(self, meeting_id: str) -> tuple[int, int] | None:
        """Return channel and message of a panel."""
        rows = self._read(select(tables.panels).where(tables.panels.c.meeting_id == meeting_id))
        return (rows[0].channel_id, rows[0].message_id) if rows else None

    def open_panels(self) -> list[Meeting]:
        """Return the meetings whose panel is not closed, oldest first."""
        rows = self._read(
            select(tables.meetings)
            .join_from(tables.meetings, tables.panels)
            .where(tables.panels.c.closed.is_(False))
            .order_by(tables.meetings.c.started_ns, tables.meetings.c.id)
        )
        return [meeting_of(row) for row in rows]

    def progress(self, meeting_id: str) -> Progress:
        """Return how far the text of a meeting is."""
        said, spoken = tables.transcriptions.c, tables.utterances.c
        spaces = func.length(said.text) - func.length(func.replace(said.text, " ", ""))
        words = (
            select(func.sum(spaces + 1).filter(said.text != ""))
            .join_from(tables.utterances, tables.transcriptions)
            .where(spoken.meeting_id == meeting_id)
            .scalar_subquery()
        )
        waiting = (
            select(func.min(spoken.ended_ns))
            .outerjoin_from(tables.utterances, tables.transcriptions)
            .where(spoken.meeting_id == meeting_id, said.utterance_id.is_(None))
            .scalar_subquery()
        )
        live_text = (
            select(tables.live_texts.c.channel_id)
            .where(tables.live_texts.c.meeting_id == meeting_id)
            .scalar_subquery()
        )
        read = select(words.label("words"), waiting.label("waiting_ns"), live_text.label("live_text"))
        row = self._read(read)[0]
        return Progress(int(row.words or 0), row.waiting_ns, row.live_text)
