"""Postings on a real store; only Discord is scripted."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from notetaker.discordbot.publish import Undelivered
from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings.posting import FAST_CLOCK, FIRST_PAUSE_S, LONGEST_PAUSE_S, Postings
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.notes import Posting
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from tests.harness import postgres
from tests.store.examples import NO_NOTES

STARTED = datetime(2026, 11, 22, 14, 30, 5, tzinfo=UTC)
MEETING = Meeting("20261122-143005-k3f9qz", 1, 2, "Standup", 3, 4, int(STARTED.timestamp()) * 10**9)
LATER_NS = MEETING.started_ns + 3600 * 10**9
POSTING = Posting(MEETING.id, 3, "notes", "transcript.md", "words")


class Discord:
    """Refuses the first ``refusals`` attempts."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.asked: list[datetime | None] = []

    async def post(self, posting: Posting, *, look_since: datetime | None) -> int:
        assert posting == POSTING
        self.asked.append(look_since)
        if len(self.asked) <= self.refusals:
            raise Undelivered("Discord answered 503 (code 0)")
        return 777

    async def direct(self, user_id: int) -> int:
        raise AssertionError("the channel is there")

    async def say(self, channel_id: int, text: str) -> None:
        raise AssertionError("the notes are where they were to go")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'notetaker.db'}")
    store.migrate()
    store.add_meeting(MEETING)
    store.end_meeting(MEETING.id, MEETING.started_ns + 1)
    store.save_notes(NO_NOTES, POSTING)
    yield store
    store.close()


@pytest.fixture
async def database() -> AsyncIterator[WorkerThread]:
    database = WorkerThread("database", StoreError)
    yield database
    database.close()


def state(store: Store) -> MeetingState:
    meeting = store.meeting(MEETING.id)
    assert meeting is not None
    return meeting.state


async def test_notes_are_posted_once(store: Store, database: WorkerThread) -> None:
    discord = Discord()
    posting = Postings(store, database, discord)
    await posting.tick()
    await posting.tick()
    assert discord.asked == [None]
    assert state(store) is MeetingState.POSTED


async def test_an_outage_is_waited_out_with_growing_pauses_and_the_channel_searched_first(
    store: Store, database: WorkerThread
) -> None:
    now = 0.0
    discord = Discord(refusals=10)
    posting = Postings(store, database, discord, clock=lambda: now, wall_ns=lambda: LATER_NS)
    attempts = []
    while state(store) is not MeetingState.POSTED:
        before = len(discord.asked)
        await posting.tick()
        if len(discord.asked) > before:
            attempts.append(now)
        now += FIRST_PAUSE_S
    assert discord.asked == [None] + [STARTED - FAST_CLOCK] * 10
    pauses = [later - earlier for earlier, later in pairwise(attempts)]
    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses[-1] == LONGEST_PAUSE_S


async def test_after_a_crash_between_sending_and_recording_the_channel_is_searched(
    store: Store, database: WorkerThread
) -> None:
    store.begin_posting(MEETING.id)
    discord = Discord()
    await Postings(store, database, discord, wall_ns=lambda: LATER_NS).tick()
    assert discord.asked == [STARTED - FAST_CLOCK]


async def test_a_meeting_that_began_under_a_clock_days_ahead_is_searched_for_all_the_same(
    store: Store, database: WorkerThread
) -> None:
    store.begin_posting(MEETING.id)
    discord = Discord()
    now = STARTED - timedelta(days=2)
    await Postings(store, database, discord, wall_ns=lambda: int(now.timestamp()) * 10**9).tick()
    assert discord.asked == [now - FAST_CLOCK]


async def test_a_posting_that_the_database_rejects_keeps_no_other_from_being_posted(
    store: Store, database: WorkerThread, caplog: pytest.LogCaptureFixture
) -> None:
    older = replace(MEETING, id="20251122-143005-k3f9qz")
    store.add_meeting(older)
    store.save_notes(NO_NOTES, replace(POSTING, meeting_id=older.id))
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE TRIGGER refuse BEFORE UPDATE ON postings WHEN old.meeting_id = '{older.id}' "
            "BEGIN SELECT RAISE(ABORT, ''); END"
        )
    await Postings(store, database, Discord()).tick()
    assert state(store) is MeetingState.POSTED
    [told] = [record for record in caplog.records if record.exc_info]
    assert f"{older.id}, will retry in 5 s: IntegrityError: SQLITE_CONSTRAINT_TRIGGER" in told.message


async def test_a_database_that_rejects_the_question_does_not_end_the_bot(
    postgres_socket: Path,
    database: WorkerThread,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with closing(Store(postgres.new_database(postgres_socket))) as empty:
        await Postings(empty, database, Discord(), first_pause_s=0.0).tick()
    assert "Cannot look for notes or mark them as posted, will retry: UndefinedTable" in caplog.text
