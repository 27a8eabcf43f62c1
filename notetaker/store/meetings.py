"""Queries about meetings, their speakers, coverage and gaps."""

from collections import Counter

from sqlalchemy import Row, select, update

from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.transcript import Gap
from notetaker.store import tables
from notetaker.store.database import Database, insert


class Meetings(Database):
    def add_meeting(self, meeting: Meeting) -> None:
        with self._transaction() as connection:
            connection.execute(
                insert(connection, tables.meetings).values(
                    id=meeting.id,
                    guild_id=meeting.guild_id,
                    voice_channel_id=meeting.voice_channel_id,
                    voice_channel_name=meeting.voice_channel_name,
                    text_channel_id=meeting.text_channel_id,
                    started_by=meeting.started_by,
                    started_ns=meeting.started_ns,
                    ended_ns=meeting.ended_ns,
                    state=meeting.state.value,
                    language=meeting.language,
                )
            )

    def meeting(self, meeting_id: str) -> Meeting | None:
        with self._transaction() as connection:
            row = connection.execute(
                select(tables.meetings).where(tables.meetings.c.id == meeting_id)
            ).one_or_none()
        return None if row is None else _meeting(row)

    def meetings(self, limit: int = 20) -> list[Meeting]:
        """Return the latest ``limit`` meetings, newest first."""
        newest = tables.meetings.c.started_ns.desc(), tables.meetings.c.id.desc()
        with self._transaction() as connection:
            rows = connection.execute(select(tables.meetings).order_by(*newest).limit(limit)).all()
        return [_meeting(row) for row in rows]

    def meetings_in(self, state: MeetingState) -> list[Meeting]:
        """Return all meetings in a state, oldest first. RECORDING includes those interrupted when the bot died."""
        wanted = tables.meetings.c.state == state.value
        oldest = tables.meetings.c.started_ns, tables.meetings.c.id
        with self._transaction() as connection:
            rows = connection.execute(select(tables.meetings).where(wanted).order_by(*oldest)).all()
        return [_meeting(row) for row in rows]

    def end_meeting(self, meeting_id: str, ended_ns: int) -> None:
        """Move a meeting from RECORDING to FINISHING. A meeting that has ended keeps its first end."""
        with self._transaction() as connection:
            connection.execute(
                update(tables.meetings)
                .where(tables.meetings.c.id == meeting_id)
                .where(tables.meetings.c.state == MeetingState.RECORDING.value)
                .values(state=MeetingState.FINISHING.value, ended_ns=ended_ns)
            )

    def name_speaker(self, meeting_id: str, user_id: int, name: str) -> None:
        """Store the display name of someone in the meeting. A later name replaces it."""
        with self._transaction() as connection:
            connection.execute(
                insert(connection, tables.speakers)
                .values(meeting_id=meeting_id, user_id=user_id, name=name)
                .on_conflict_do_update(index_elements=["meeting_id", "user_id"], set_={"name": name})
            )

    def speakers(self, meeting_id: str) -> dict[int, str]:
        """Return display names by user id."""
        query = select(tables.speakers.c.user_id, tables.speakers.c.name)
        with self._transaction() as connection:
            rows = connection.execute(
                query.where(tables.speakers.c.meeting_id == meeting_id).order_by(tables.speakers.c.user_id)
            ).all()
        return {row.user_id: row.name for row in rows}

    def set_coverage(self, meeting_id: str, coverage: list[Coverage]) -> None:
        """Replace the coverage of everyone in the meeting."""
        rows = [
            {
                "meeting_id": meeting_id,
                "user_id": one.user_id,
                "outcomes": _outcomes_kept(one),
                "lost": one.lost,
                "heard": one.heard,
            }
            for one in coverage
        ]
        with self._transaction() as connection:
            connection.execute(tables.coverage.delete().where(tables.coverage.c.meeting_id == meeting_id))
            if rows:
                connection.execute(insert(connection, tables.coverage), rows)

    def coverage(self, meeting_id: str) -> list[Coverage]:
        """Return everyone's coverage, sorted by user id."""
        mine = tables.coverage.c.meeting_id == meeting_id
        with self._transaction() as connection:
            rows = connection.execute(
                select(tables.coverage).where(mine).order_by(tables.coverage.c.user_id)
            ).all()
        return [_coverage(row) for row in rows]

    def add_gap(self, meeting_id: str, gap: Gap) -> None:
        """Store a gap. Adding the same gap again changes nothing."""
        with self._transaction() as connection:
            connection.execute(
                insert(connection, tables.gaps)
                .values(
                    meeting_id=meeting_id,
                    started_ns=gap.started_ns,
                    ended_ns=gap.ended_ns,
                    user_id=tables.EVERYONE if gap.user_id is None else gap.user_id,
                    cause=gap.cause,
                )
                .on_conflict_do_nothing()
            )

    def gaps(self, meeting_id: str) -> list[Gap]:
        """Return all gaps of a meeting, sorted by start."""
        columns = tables.gaps.c
        with self._transaction() as connection:
            rows = connection.execute(
                select(tables.gaps)
                .where(columns.meeting_id == meeting_id)
                .order_by(columns.started_ns, columns.ended_ns, columns.user_id, columns.cause)
            ).all()
        return [
            Gap(
                row.started_ns,
                row.ended_ns,
                row.cause,
                None if row.user_id == tables.EVERYONE else row.user_id,
            )
            for row in rows
        ]


def _meeting(row: Row[tuple[object, ...]]) -> Meeting:
    fields = dict(row._mapping)
    return Meeting(**{**fields, "state": MeetingState(fields["state"])})


def _outcomes_kept(coverage: Coverage) -> dict[str, int]:
    """As earlier releases have them, whose workers may still run: no "heard", in its place how many are stored."""
    dropped = {outcome.value: n for outcome, n in coverage.outcomes.items() if outcome is not Outcome.HEARD}
    return {"stored": coverage.stored, **dropped}


def _coverage(row: Row[tuple[object, ...]]) -> Coverage:
    """An earlier release counted as heard only what was stored, and left ``heard`` empty."""
    fields = row._mapping
    outcomes = dict(fields["outcomes"])
    stored = outcomes.pop("stored", 0)
    heard = stored if fields["heard"] is None else fields["heard"]
    counted = Counter({Outcome.HEARD: heard, **{Outcome(name): n for name, n in outcomes.items()}})
    return Coverage(fields["user_id"], counted, fields["lost"], stored)
