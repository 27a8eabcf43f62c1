"""Queries about utterances and their texts."""

from collections.abc import Mapping

import sqlalchemy
from sqlalchemy import ColumnElement, Row, select

from notetaker.model.utterance import Clip, Transcription, Utterance
from notetaker.store import tables
from notetaker.store.database import Database, insert

_IN_TIME_ORDER = tables.utterances.c.started_ns, tables.utterances.c.id


class Utterances(Database):
    def add_utterance(self, utterance: Utterance) -> bool:
        """Store an utterance. Return False if it is already there, as in recovery, which finds stored ones again."""
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
        """Return the utterances of a meeting in time order."""
        return self._utterances(tables.utterances.c.meeting_id == meeting_id)

    def set_draft(self, utterance_id: str, draft: Transcription, now_ns: int) -> None:
        """Store the first text of an utterance, unless it has one. ``now_ns`` is Unix nanoseconds."""
        with self._transaction() as connection:
            connection.execute(
                insert(connection, tables.transcriptions)
                .values(utterance_id=utterance_id, first_ns=now_ns, **_columns(draft))
                .on_conflict_do_nothing()
            )

    def set_final(self, transcriptions: Mapping[str, Transcription], now_ns: int) -> None:
        """Store final texts by utterance id, in one transaction. ``now_ns`` is Unix nanoseconds.

        They replace drafts, but never final texts, so that a job that runs twice changes nothing.
        """
        with self._transaction() as connection:
            for utterance_id, transcription in transcriptions.items():
                columns = _columns(transcription)
                connection.execute(
                    insert(connection, tables.transcriptions)
                    .values(utterance_id=utterance_id, first_ns=now_ns, **columns)
                    .on_conflict_do_update(
                        index_elements=["utterance_id"],
                        set_=columns,
                        where=tables.transcriptions.c.final.is_(False),
                    )
                )

    def untranscribed(self, meeting_id: str) -> list[str]:
        """Return the ids of the utterances without a text, not even a draft, in time order."""
        found = self._utterances(
            tables.utterances.c.meeting_id == meeting_id, tables.transcriptions.c.utterance_id.is_(None)
        )
        return [utterance.id for utterance in found]

    def unfinished(self, meeting_id: str) -> list[Utterance]:
        """Return the utterances without a final text, in time order."""
        return self._utterances(
            tables.utterances.c.meeting_id == meeting_id,
            tables.transcriptions.c.final.is_not(sqlalchemy.true()),
        )

    def languages(self, meeting_id: str) -> list[tuple[int, str, int]]:
        """Return user id, language and nanoseconds of every utterance whose language is known, in time order."""
        columns = tables.utterances.c
        lasted = columns.ended_ns - columns.started_ns
        with self._transaction() as connection:
            rows = connection.execute(
                select(columns.user_id, tables.transcriptions.c.language, lasted)
                .join_from(tables.utterances, tables.transcriptions)
                .where(columns.meeting_id == meeting_id, tables.transcriptions.c.language.is_not(None))
                .order_by(*_IN_TIME_ORDER)
            ).all()
        return [(row[0], row[1], row[2]) for row in rows]

    def lags_ns(self, meeting_id: str) -> list[int]:
        """Return, for every utterance with a text, the nanoseconds from its end to its first text."""
        lag = tables.transcriptions.c.first_ns - tables.utterances.c.ended_ns
        with self._transaction() as connection:
            found = connection.execute(
                select(lag)
                .join_from(tables.utterances, tables.transcriptions)
                .where(tables.utterances.c.meeting_id == meeting_id)
                .where(tables.transcriptions.c.first_ns.is_not(None))
            ).scalars()
            return list(found)

    def transcription(self, utterance_id: str) -> Transcription | None:
        """Return the text of an utterance, draft or final, or None."""
        with self._transaction() as connection:
            row = connection.execute(
                select(tables.transcriptions).where(tables.transcriptions.c.utterance_id == utterance_id)
            ).one_or_none()
        return None if row is None else _transcription(row)

    def transcribed(self, meeting_id: str) -> list[tuple[Utterance, Transcription]]:
        """Return all utterances that have a text, with it, in time order."""
        with self._transaction() as connection:
            rows = connection.execute(
                select(tables.utterances, tables.transcriptions)
                .join_from(tables.utterances, tables.transcriptions)
                .where(tables.utterances.c.meeting_id == meeting_id)
                .order_by(*_IN_TIME_ORDER)
            ).all()
        return [(_utterance(row), _transcription(row)) for row in rows]

    def _utterances(self, *which: ColumnElement[bool]) -> list[Utterance]:
        with self._transaction() as connection:
            rows = connection.execute(
                select(tables.utterances)
                .outerjoin_from(tables.utterances, tables.transcriptions)
                .where(*which)
                .order_by(*_IN_TIME_ORDER)
            ).all()
        return [_utterance(row) for row in rows]


def _columns(transcription: Transcription) -> dict[str, object]:
    return {
        "text": transcription.text,
        "engine": transcription.engine,
        "error": transcription.error,
        "language": transcription.language,
        "speech_s": transcription.speech_s,
        "final": transcription.final,
    }


def _transcription(row: Row[tuple[object, ...]]) -> Transcription:
    return Transcription(row.text, row.engine, row.error, row.language, row.speech_s, row.final)


def _utterance(row: Row[tuple[object, ...]]) -> Utterance:
    return Utterance(
        meeting_id=row.meeting_id,
        user_id=row.user_id,
        clip=Clip(row.segment, row.start_offset, row.end_offset, row.ssrc),
        started_ns=row.started_ns,
        ended_ns=row.ended_ns,
        packets=row.packets,
    )
