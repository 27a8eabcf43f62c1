"""Queries about meetings, their speakers, coverage and gaps."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, select, update

from notetaker.model.mark import Mark
from notetaker.model.meeting import Meeting, MeetingState, Place
from notetaker.model.names import Person, told_apart
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.transcript import Gap
from notetaker.store import tables
from notetaker.store.database import Database


class Meetings(Database):
    def add_meeting(self, meeting: Meeting) -> None:
        self._write(self._insert(tables.meetings).values(asdict(meeting)))

    def meeting(self, meeting_id: str) -> Meeting | None:
        rows = self._read(select(tables.meetings).where(tables.meetings.c.id == meeting_id))
        return meeting_of(rows[0]) if rows else None

    def meetings(self, limit: int | None = 20) -> list[Meeting]:
        """Return the latest ``limit`` meetings, newest first; None for all."""
        newest = tables.meetings.c.started_ns.desc(), tables.meetings.c.id.desc()
        return [meeting_of(row) for row in self._read(select(tables.meetings).order_by(*newest).limit(limit))]

    def meetings_of(self, guild_id: int, limit: int | None) -> list[Meeting]:
        """Return the latest ``limit`` meetings of a guild, newest first; None for all."""
        newest = tables.meetings.c.started_ns.desc(), tables.meetings.c.id.desc()
        mine = select(tables.meetings).where(tables.meetings.c.guild_id == guild_id)
        return [meeting_of(row) for row in self._read(mine.order_by(*newest).limit(limit))]

    def meetings_in(self, state: MeetingState) -> list[Meeting]:
        """Return all meetings in a state, oldest first. RECORDING includes those interrupted when the bot died."""
        wanted = tables.meetings.c.state == state.value
        oldest = tables.meetings.c.started_ns, tables.meetings.c.id
        return [
            meeting_of(row) for row in self._read(select(tables.meetings).where(wanted).order_by(*oldest))
        ]

    def end_meeting(self, meeting_id: str, ended_ns: int, stopped_in: int | None = None) -> None:
        """Move a meeting from RECORDING to FINISHING. A meeting that has ended keeps its first end.

        ``stopped_in`` is the channel in which someone stopped it.
        """
        self._write(
            update(tables.meetings)
            .where(tables.meetings.c.id == meeting_id)
            .where(tables.meetings.c.state == MeetingState.RECORDING.value)
            .values(state=MeetingState.FINISHING.value, ended_ns=ended_ns, stopped_in=stopped_in)
        )

    def delete_meeting(self, meeting_id: str) -> None:
        """Delete a meeting and all that belongs to it, in one transaction."""
        mine = select(tables.utterances.c.id).where(tables.utterances.c.meeting_id == meeting_id)
        texts = delete(tables.transcriptions).where(tables.transcriptions.c.utterance_id.in_(mine))
        dependent = [table for table in tables.metadata.sorted_tables if "meeting_id" in table.c]
        self._write(
            texts,
            *(delete(table).where(table.c.meeting_id == meeting_id) for table in reversed(dependent)),
            delete(tables.meetings).where(tables.meetings.c.id == meeting_id),
        )

    def name_speaker(self, meeting_id: str, user_id: int, name: str, username: str | None = None) -> None:
        """Store display name and user name of someone in the meeting. Later ones replace them."""
        names = {"name": name, "username": username}
        self._write(
            self._insert(tables.speakers)
            .values(meeting_id=meeting_id, user_id=user_id, **names)
            .on_conflict_do_update(index_elements=["meeting_id", "user_id"], set_=names)
        )

    def speakers(self, meeting_id: str) -> dict[int, str]:
        """Return by user id what everyone is called, no two of them alike."""
        columns = tables.speakers.c
        mine = columns.meeting_id == meeting_id
        rows = self._read(select(tables.speakers).where(mine).order_by(columns.user_id))
        return told_apart({row.user_id: Person(row.name, row.username) for row in rows})

    def set_place(self, meeting_id: str, place: Place) -> None:
        """Store where a meeting goes on from some time, or the new name of where it has been since then."""
        where = {"channel_id": place.channel_id, "name": place.name}
        self._write(
            self._insert(tables.places)
            .values(meeting_id=meeting_id, started_ns=place.started_ns, **where)
            .on_conflict_do_update(index_elements=["meeting_id", "started_ns"], set_=where)
        )

    def places(self, meeting: Meeting) -> list[Place]:
        """Return the voice channels that a meeting has been in, in order; at least the one where it started."""
        columns = tables.places.c
        rows = self._read(
            select(tables.places).where(columns.meeting_id == meeting.id).order_by(columns.started_ns)
        )
        found = [meeting.first_place, *(Place(row.started_ns, row.channel_id, row.name) for row in rows)]
        return list({place.started_ns: place for place in found}.values())

    def rooms(self, guild_id: int) -> dict[str, list[int]]:
        """Return the voice channels into which meetings of a guild have moved, by meeting id."""
        columns = tables.places.c
        query = select(columns.meeting_id, columns.channel_id).join_from(tables.places, tables.meetings)
        found: dict[str, list[int]] = {}
        for row in self._read(query.where(tables.meetings.c.guild_id == guild_id)):
            found.setdefault(row.meeting_id, []).append(row.channel_id)
        return found

    def set_coverage(self, meeting_id: str, coverage: list[Coverage]) -> None:
        """Replace the coverage of everyone in the meeting."""
        rows = [
            {
                "meeting_id": meeting_id,
                "user_id": one.user_id,
                "outcomes": _outcomes_kept(one),
                "lost": one.lost,
                "heard": one.heard,
                "no_opus": one.no_opus,
            }
            for one in coverage
        ]
        with self._transaction() as connection:
            connection.execute(tables.coverage.delete().where(tables.coverage.c.meeting_id == meeting_id))
            if rows:
                connection.execute(tables.coverage.insert(), rows)

    def coverage(self, meeting_id: str) -> list[Coverage]:
        """Return everyone's coverage, sorted by user id."""
        columns = tables.coverage.c
        mine = columns.meeting_id == meeting_id
        rows = self._read(select(tables.coverage).where(mine).order_by(columns.user_id))
        return [_coverage(row) for row in rows]

    def add_gap(self, meeting_id: str, gap: Gap) -> None:
        """Store a gap. Adding the same gap again changes nothing."""
        user_id = tables.EVERYONE if gap.user_id is None else gap.user_id
        row = asdict(gap) | {"meeting_id": meeting_id, "user_id": user_id}
        self._write(self._insert(tables.gaps).values(row).on_conflict_do_nothing())

    def gaps(self, meeting_id: str) -> list[Gap]:
        """Return all gaps of a meeting, sorted by start."""
        columns = tables.gaps.c
        rows = self._read(
            select(tables.gaps)
            .where(columns.meeting_id == meeting_id)
            .order_by(columns.started_ns, columns.ended_ns, columns.user_id, columns.cause)
        )
        return [_gap(row) for row in rows]

    def add_mark(self, meeting_id: str, mark: Mark) -> None:
        """Store a mark. Adding the same one again changes nothing."""
        row = asdict(mark) | {"meeting_id": meeting_id}
        self._write(self._insert(tables.marks).values(row).on_conflict_do_nothing())

    def marks(self, meeting_id: str) -> list[Mark]:
        """Return all marks of a meeting, sorted by time."""
        columns = tables.marks.c
        rows = self._read(
            select(tables.marks)
            .where(columns.meeting_id == meeting_id)
            .order_by(columns.at_ns, columns.user_id)
        )
        return [Mark(row.at_ns, row.user_id, row.name, row.text) for row in rows]


def meeting_of(row: Row[Any]) -> Meeting:
    fields = dict(row._mapping)
    return Meeting(**{**fields, "state": MeetingState(fields["state"])})


def _gap(row: Row[Any]) -> Gap:
    user_id = None if row.user_id == tables.EVERYONE else row.user_id
    return Gap(row.started_ns, row.ended_ns, row.cause, user_id)


def _outcomes_kept(coverage: Coverage) -> dict[str, int]:
    """As earlier releases have them, whose workers may still run: no "heard", in its place how many are stored."""
    dropped = {outcome.value: n for outcome, n in coverage.outcomes.items() if outcome is not Outcome.HEARD}
    return {"stored": coverage.stored, **dropped}


def _coverage(row: Row[Any]) -> Coverage:
    """An earlier release counted as heard only what was stored, and left ``heard`` empty."""
    fields = row._mapping
    outcomes = dict(fields["outcomes"])
    stored = outcomes.pop("stored", 0)
    heard = stored if fields["heard"] is None else fields["heard"]
    counted = Counter({Outcome.HEARD: heard, **{Outcome(name): n for name, n in outcomes.items()}})
    return Coverage(fields["user_id"], counted, fields["lost"], stored, fields["no_opus"] or 0)
