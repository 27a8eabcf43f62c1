"""Queries about the messages that show what is said while a meeting goes on."""

from sqlalchemy import func, select, update

from notetaker.model.live_text import LiveText, ShownPage
from notetaker.model.meeting import Meeting
from notetaker.store import tables
from notetaker.store.database import Database
from notetaker.store.meetings import meeting_of


class LiveTexts(Database):
    def open_live_text(self, meeting_id: str, channel_id: int) -> None:
        """Record where the live text of a meeting is shown. The first place stays."""
        self._write(
            self._insert(tables.live_texts)
            .values(meeting_id=meeting_id, channel_id=channel_id, closed=False)
            .on_conflict_do_nothing()
        )

    def close_live_text(self, meeting_id: str) -> None:
        self._write(
            update(tables.live_texts).where(tables.live_texts.c.meeting_id == meeting_id).values(closed=True)
        )

    def save_page(self, meeting_id: str, number: int, page: ShownPage) -> None:
        """Store what a page shows. ``number`` counts from 1."""
        row = {"message_id": page.message_id, "keys": list(page.keys)}
        self._write(
            self._insert(tables.live_pages)
            .values(meeting_id=meeting_id, number=number, **row)
            .on_conflict_do_update(index_elements=["meeting_id", "number"], set_=row)
        )

    def live_text(self, meeting_id: str) -> LiveText | None:
        texts, pages = tables.live_texts.c, tables.live_pages.c
        found = self._read(select(tables.live_texts).where(texts.meeting_id == meeting_id))
        if not found:
            return None
        rows = self._read(
            select(tables.live_pages).where(pages.meeting_id == meeting_id).order_by(pages.number)
        )
        shown = tuple(ShownPage(row.message_id, tuple(row._mapping["keys"])) for row in rows)
        return LiveText(found[0].channel_id, shown, found[0].closed)

    def open_live_texts(self) -> list[Meeting]:
        """Return the meetings whose live text is not closed, oldest first."""
        texts = tables.live_texts.c
        rows = self._read(
            select(tables.meetings)
            .join_from(tables.meetings, tables.live_texts)
            .where(texts.closed.is_(False))
            .order_by(tables.meetings.c.started_ns, tables.meetings.c.id)
        )
        return [meeting_of(row) for row in rows]

    def text_version(self, meeting_id: str) -> tuple[object, ...]:
        """Return what changes with the words, gaps, marks and places of a meeting, and with its state."""
        texts, meeting = tables.transcriptions.c, tables.meetings.c
        said = (
            select(func.count(), func.sum(func.length(texts.text)), func.count().filter(texts.final))
            .join_from(tables.utterances, tables.transcriptions)
            .where(tables.utterances.c.meeting_id == meeting_id)
        )
        gaps = select(func.count()).where(tables.gaps.c.meeting_id == meeting_id).scalar_subquery()
        marks = select(func.count()).where(tables.marks.c.meeting_id == meeting_id).scalar_subquery()
        places = select(func.count()).where(tables.places.c.meeting_id == meeting_id).scalar_subquery()
        state = select(meeting.state).where(meeting.id == meeting_id).scalar_subquery()
        return tuple(self._read(said.add_columns(gaps, marks, places, state))[0])
