"""Queries about utterances and their texts."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy
from sqlalchemy import ColumnElement, Row, select

from notetaker.model.audio import UNKNOWN
from notetaker.model.utterance import Clip, Transcription, Utterance
from notetaker.store import tables
from notetaker.store.database import Database

_IN_TIME_ORDER = tuple(tables.utterances.c[name] for name in ("started_ns", "segment", "start_offset", "id"))


class Utterances(Database):
    def add_utterance(self, utterance: Utterance) -> bool:
        """Store an utterance. Return False if it is already there, as in recovery, which finds stored ones again.

        One that was stored without its speaker gets it.
        """
        row = asdict(utterance)
        clip = row.pop("clip")
        columns = tables.utterances.c
        stored = self._read(
            self._insert(tables.utterances)
            .values(id=utterance.id, **row, **clip)
            .on_conflict_do_update(
                index_elements=["id"],
                set_={"user_id": utterance.user_id},
                where=(columns.user_id == UNKNOWN) & (utterance.user_id != UNKNOWN),
            )
            .returning(columns.id)
        )
        return bool(stored)

    def utterance(self, utterance_id: str) -> Utterance | None:
        found = self._utterances(tables.utterances.c.id == utterance_id)
        return found[0] if found else None

    def utterances(self, meeting_id: str) -> list[Utterance]:
        """Return the utterances of a meeting in time order."""
        return self._utterances(tables.utterances.c.meeting_id == meeting_id)

    def move(self, utterances: Iterable[Utterance]) -> None:
        """Store when the utterances were said, which is now known better, in one transaction."""
        columns = tables.utterances.c
        self._write(
            *(
                sqlalchemy.update(tables.utterances)
                .where(columns.id == one.id)
                .values(started_ns=one.started_ns, ended_ns=one.ended_ns)
                for one in utterances
            )
        )

    def set_draft(self, utterance_id: str, draft: Transcription, now_ns: int) -> None:
        """Store the first text of an utterance, unless it has one. ``now_ns`` is Unix nanoseconds."""
        self._write(
            self._insert(tables.transcriptions)
            .values(utterance_id=utterance_id, first_ns=now_ns, **asdict(draft))
            .on_conflict_do_nothing()
        )

    def set_final(self, transcriptions: Mapping[str, Transcription], now_ns: int) -> None:
        """Store final texts by utterance id, in one transaction. ``now_ns`` is Unix nanoseconds.

        They replace drafts, but never final texts, so that a job that runs twice changes nothing.
        """
        self._write(
            *(
                self._insert(tables.transcriptions)
                .values(utterance_id=utterance_id, first_ns=now_ns, **asdict(final))
                .on_conflict_do_update(
                    index_elements=["utterance_id"],
                    set_=asdict(final),
                    where=tables.transcriptions.c.final.is_(False),
                )
                for utterance_id, final in transcriptions.items()
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
        lasted_ns = (columns.ended_ns - columns.started_ns).label("lasted_ns")
        rows = self._read(
            select(columns.user_id, tables.transcriptions.c.language, lasted_ns)
            .join_from(tables.utterances, tables.transcriptions)
            .where(columns.meeting_id == meeting_id, tables.transcriptions.c.language.is_not(None))
            .order_by(*_IN_TIME_ORDER)
        )
        return [(row.user_id, row.language, row.lasted_ns) for row in rows]

    def lags_ns(self, meeting_id: str) -> list[int]:
        """Return, for every utterance with a text, the nanoseconds from its end to its first text."""
        lag = tables.transcriptions.c.first_ns - tables.utterances.c.ended_ns
        rows = self._read(
            select(lag)
            .join_from(tables.utterances, tables.transcriptions)
            .where(tables.utterances.c.meeting_id == meeting_id)
            .where(tables.transcriptions.c.first_ns.is_not(None))
        )
        return [lag_ns for (lag_ns,) in rows]

    def transcription(self, utterance_id: str) -> Transcription | None:
        """Return the text of an utterance, draft or final, or None."""
        mine = tables.transcriptions.c.utterance_id == utterance_id
        rows = self._read(select(tables.transcriptions).where(mine))
        return _transcription(rows[0]) if rows else None

    def transcribed(self, meeting_id: str, since_ns: int = 0) -> list[tuple[Utterance, Transcription]]:
        """Return all utterances that ended after ``since_ns`` and have a text, with it, in time order."""
        rows = self._read(
            select(tables.utterances, tables.transcriptions)
            .join_from(tables.utterances, tables.transcriptions)
            .where(tables.utterances.c.meeting_id == meeting_id, tables.utterances.c.ended_ns >= since_ns)
            .order_by(*_IN_TIME_ORDER)
        )
        return [(_utterance(row), _transcription(row)) for row in rows]

    def _utterances(self, *which: ColumnElement[bool]) -> list[Utterance]:
        rows = self._read(
            select(tables.utterances)
            .outerjoin_from(tables.utterances, tables.transcriptions)
            .where(*which)
            .order_by(*_IN_TIME_ORDER)
        )
        return [_utterance(row) for row in rows]


def _transcription(row: Row[Any]) -> Transcription:
    return Transcription(
        row.text, row.engine, row.error, row.language, row.speech_s, row.final, row.undecodable
    )


def _utterance(row: Row[Any]) -> Utterance:
    return Utterance(
        meeting_id=row.meeting_id,
        user_id=row.user_id,
        clip=Clip(row.segment, row.start_offset, row.end_offset, row.ssrc),
        started_ns=row.started_ns,
        ended_ns=row.ended_ns,
        packets=row.packets,
    )
