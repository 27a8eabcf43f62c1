"""Utterances and what was said in them."""

from sqlalchemy import ColumnElement, Row, select

from notetaker.model.utterance import Clip, Transcription, Utterance
from notetaker.store import tables
from notetaker.store.database import Database, insert

_IN_TIME_ORDER = tables.utterances.c.started_ns, tables.utterances.c.id


class Utterances(Database):
    def add_utterance(self, utterance: Utterance) -> bool:
        """False when it is already there: a recovery scan finds again what the bot had stored."""
        with self._transaction() as connection:
            added = connection.execute(
                insert(connection, tables.utterances)
                .values(
                    id=utterance.id,
                    meeting_id=utterance.meeting_id,
                    user_id=utterance.user_id,
                    segment=utterance.clip.segment,
                    start_offset=utterance.clip.start_offset,
                    end_offset=utterance.clip.end_offset,
                    ssrc=utterance.clip.ssrc,
                    started_ns=utterance.started_ns,
                    ended_ns=utterance.ended_ns,
                    packets=utterance.packets,
                )
                .on_conflict_do_nothing()
                .returning(tables.utterances.c.id)
            ).first()
        return added is not None

    def utterance(self, utterance_id: str) -> Utterance | None:
        found = self._utterances(tables.utterances.c.id == utterance_id)
        return found[0] if found else None

    def utterances(self, meeting_id: str) -> list[Utterance]:
        """In time order."""
        return self._utterances(tables.utterances.c.meeting_id == meeting_id)

    def set_transcription(self, utterance_id: str, transcription: Transcription) -> None:
        """The first one wins, so that a job that runs twice leaves one text."""
        with self._transaction() as connection:
            connection.execute(
                insert(connection, tables.transcriptions)
                .values(
                    utterance_id=utterance_id,
                    text=transcription.text,
                    engine=transcription.engine,
                    error=transcription.error,
                )
                .on_conflict_do_nothing()
            )

    def untranscribed(self, meeting_id: str) -> list[str]:
        """Ids of the utterances that have no transcription yet, in time order."""
        with self._transaction() as connection:
            return list(
                connection.execute(
                    select(tables.utterances.c.id)
                    .outerjoin_from(tables.utterances, tables.transcriptions)
                    .where(tables.utterances.c.meeting_id == meeting_id)
                    .where(tables.transcriptions.c.utterance_id.is_(None))
                    .order_by(*_IN_TIME_ORDER)
                ).scalars()
            )

    def transcribed(self, meeting_id: str) -> list[tuple[Utterance, Transcription]]:
        """In time order."""
        with self._transaction() as connection:
            rows = connection.execute(
                select(tables.utterances, tables.transcriptions)
                .join_from(tables.utterances, tables.transcriptions)
                .where(tables.utterances.c.meeting_id == meeting_id)
                .order_by(*_IN_TIME_ORDER)
            ).all()
        return [(_utterance(row), Transcription(row.text, row.engine, row.error)) for row in rows]

    def _utterances(self, which: ColumnElement[bool]) -> list[Utterance]:
        with self._transaction() as connection:
            rows = connection.execute(select(tables.utterances).where(which).order_by(*_IN_TIME_ORDER)).all()
        return [_utterance(row) for row in rows]


def _utterance(row: Row[tuple[object, ...]]) -> Utterance:
    return Utterance(
        meeting_id=row.meeting_id,
        user_id=row.user_id,
        clip=Clip(row.segment, row.start_offset, row.end_offset, row.ssrc),
        started_ns=row.started_ns,
        ended_ns=row.ended_ns,
        packets=row.packets,
    )
