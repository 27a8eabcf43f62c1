"""Queries about notes, and about posting them exactly once.

A message whose response was lost looks like one that was never sent. So each attempt is stored before it is made
(``begin_posting``), and if an earlier one is already stored, the bot looks in the channel first.
"""

from dataclasses import asdict

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Update, select, update

from notetaker.model.meeting import MeetingState
from notetaker.model.minutes import Minutes
from notetaker.model.notes import Posting
from notetaker.store import tables
from notetaker.store.database import Database, decoded

_MINUTES = TypeAdapter(Minutes)


class Postings(Database):
    def save_notes(self, minutes: Minutes, posting: Posting) -> None:
        """Store the notes and set the meeting READY. Notes can be replaced until the first attempt to post them."""
        row = {"items": _MINUTES.dump_python(minutes, mode="json"), "made_by": ", ".join(minutes.made_by)}
        message = asdict(posting)
        with self._transaction() as connection:
            written = connection.execute(
                self._insert(tables.postings)
                .values(begun=False, **message)
                .on_conflict_do_update(
                    index_elements=["meeting_id"], set_=message, where=tables.postings.c.begun.is_(False)
                )
                .returning(tables.postings.c.meeting_id)
            ).first()
            if written is None:
                return
            connection.execute(
                self._insert(tables.notes)
                .values(meeting_id=posting.meeting_id, **row)
                .on_conflict_do_update(index_elements=["meeting_id"], set_=row)
            )
            connection.execute(_state(posting.meeting_id, MeetingState.READY))

    def notes(self, meeting_id: str) -> Minutes | None:
        rows = self._read(select(tables.notes).where(tables.notes.c.meeting_id == meeting_id))
        return decoded(_MINUTES, rows[0]._mapping["items"]) if rows else None  # row.items is a method

    def due_postings(self) -> list[Posting]:
        """Return the postings that are still to be posted, oldest meeting first."""
        lost = select(tables.meetings.c.id).where(tables.meetings.c.state == MeetingState.UNDELIVERED.value)
        columns = tables.postings.c
        return self._postings(columns.message_id.is_(None) & columns.meeting_id.not_in(lost))

    def begin_posting(self, meeting_id: str) -> bool:
        """Record that an attempt to post begins.

        Return False if an earlier attempt may have reached Discord; then look in the channel first.
        """
        columns = tables.postings.c
        begun = self._read(
            update(tables.postings)
            .where(columns.meeting_id == meeting_id, columns.begun.is_(False))
            .values(begun=True)
            .returning(columns.meeting_id)
        )
        return bool(begun)

    def posted(self, meeting_id: str, message_id: int, channel_id: int) -> None:
        """Record that the message is in the channel. The first message id stays."""
        self._write(
            update(tables.postings)
            .where(tables.postings.c.meeting_id == meeting_id, tables.postings.c.message_id.is_(None))
            .values(begun=True, message_id=message_id, channel_id=channel_id),
            _state(meeting_id, MeetingState.POSTED),
        )

    def refuse(self, meeting_id: str, place_id: int, reason: str) -> None:
        """Record that a place does not take the notes. No attempt to post them in the next one has begun."""
        self._write(
            self._insert(tables.refusals)
            .values(meeting_id=meeting_id, place_id=place_id, reason=reason)
            .on_conflict_do_nothing(),
            update(tables.postings).where(tables.postings.c.meeting_id == meeting_id).values(begun=False),
        )

    def refusals(self, meeting_id: str) -> dict[int, str]:
        """Return the reasons why places do not take the notes, by the id of the channel or user."""
        columns = tables.refusals.c
        rows = self._read(select(tables.refusals).where(columns.meeting_id == meeting_id))
        return {row.place_id: row.reason for row in rows}

    def give_up_posting(self, meeting_id: str) -> None:
        """Record that no place takes the notes."""
        self._write(_state(meeting_id, MeetingState.UNDELIVERED))

    def posting(self, meeting_id: str) -> Posting | None:
        found = self._postings(tables.postings.c.meeting_id == meeting_id)
        return found[0] if found else None

    def posted_at(self, meeting_id: str) -> tuple[int, int] | None:
        """Return the channel and the message with the notes of a meeting, or None if they are not posted."""
        columns = tables.postings.c
        query = select(columns.channel_id, columns.message_id).where(columns.meeting_id == meeting_id)
        return next(
            ((row.channel_id, row.message_id) for row in self._read(query) if row.message_id is not None),
            None,
        )

    def _postings(self, which: ColumnElement[bool]) -> list[Posting]:
        rows = self._read(select(tables.postings).where(which).order_by(tables.postings.c.meeting_id))
        return [
            Posting(row.meeting_id, row.channel_id, row.content, row.attachment_name, row.attachment)
            for row in rows
        ]


def _state(meeting_id: str, state: MeetingState) -> Update:
    return update(tables.meetings).where(tables.meetings.c.id == meeting_id).values(state=state.value)
