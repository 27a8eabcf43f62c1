"""Queries about who agreed to be recorded, and what there is of somebody in the meetings of a server."""

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import func, select

from notetaker.model.consent import Answer
from notetaker.model.meeting import Meeting
from notetaker.store import tables
from notetaker.store.database import Database
from notetaker.store.meetings import meeting_of


class Said(NamedTuple):
    """A line of somebody."""

    started_ns: int
    text: str


class Consents(Database):
    def answers(self, guild_id: int) -> dict[int, Answer]:
        """Return what people of a server have answered, by user id."""
        rows = self._read(select(tables.consents).where(tables.consents.c.guild_id == guild_id))
        return {row.user_id: Answer(row.agreed, row.policy, row.at_ns) for row in rows}

    def set_answer(self, guild_id: int, user_id: int, answer: Answer) -> None:
        """Store an answer, in place of an earlier one."""
        row = {"agreed": answer.agreed, "policy": answer.policy, "at_ns": answer.at_ns}
        self._write(
            self._insert(tables.consents)
            .values(guild_id=guild_id, user_id=user_id, **row)
            .on_conflict_do_update(index_elements=["guild_id", "user_id"], set_=row)
        )

    def heard_in(self, guild_id: int, user_id: int) -> int:
        """Return in how many meetings of a server somebody was heard."""
        spoken = tables.utterances.c
        found = self._read(
            select(func.count(spoken.meeting_id.distinct()))
            .join_from(tables.utterances, tables.meetings)
            .where(tables.meetings.c.guild_id == guild_id, spoken.user_id == user_id)
        )
        return int(found[0][0])

    def said_by(self, guild_id: int, user_id: int) -> list[tuple[Meeting, list[Said]]]:
        """Return what somebody has said in the meetings of a server, oldest first."""
        spoken, text = tables.utterances.c, tables.transcriptions.c.text
        mine = (tables.meetings.c.guild_id == guild_id, spoken.user_id == user_id, text != "")
        rows = self._read(
            select(spoken.meeting_id, spoken.started_ns, text)
            .select_from(tables.utterances)
            .join(tables.meetings)
            .join(tables.transcriptions)
            .where(*mine)
            .order_by(spoken.started_ns, spoken.id)
        )
        said: defaultdict[str, list[Said]] = defaultdict(list)
        for row in rows:
            said[row.meeting_id].append(Said(row.started_ns, row.text))
        oldest = tables.meetings.c.started_ns, tables.meetings.c.id
        meetings = self._read(
            select(tables.meetings).where(tables.meetings.c.guild_id == guild_id).order_by(*oldest)
        )
        return [(meeting_of(row), said[row.id]) for row in meetings if row.id in said]
