"""Starting and stopping, on a real recorder, store and job queue. The voice stack is a stand-in that joins at once:
``test_bot_process`` has the real one.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from notetaker.discordbot import answers
from notetaker.discordbot.ports import Refused, Start
from notetaker.jobs.queue import JobQueue
from notetaker.model.audio import AudioFrame
from notetaker.model.meeting import MeetingState
from notetaker.model.outcome import Coverage, Outcome
from notetaker.service.background import Background
from notetaker.service.meetings import Meetings
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from notetaker.voice.manager import VoiceManager
from notetaker.voice.ports import JoinFailed, SessionSink
from tests.service.office import SENTENCE

GUILD, STANDUP, PLANNING, GENERAL, ADA = 1, 2, 3, 4, 42
WISH = Start(GUILD, STANDUP, "Standup", GENERAL, ADA)


class Voice:
    def __init__(self) -> None:
        self.here: int | None = None
        self.sink: SessionSink | None = None
        self.failure: JoinFailed | None = None
        self.hangs = False
        self.left = 0
        self.heard = 0

    async def join(self, guild_id: int, channel_id: int) -> None:
        await asyncio.sleep(60.0 if self.hangs else 0.0)
        if self.failure is not None:
            raise self.failure
        self.here = channel_id

    async def leave(self, guild_id: int) -> None:
        self.here = None
        self.left += 1
        if self.sink is not None:
            self.sink.session_closed(asyncio.get_running_loop().time(), "we left")

    def record(self, guild_id: int, sink: SessionSink | None) -> None:
        self.sink = sink
        if sink is not None:
            sink.session_opened(asyncio.get_running_loop().time())

    def channel(self, guild_id: int) -> int | None:
        return self.here

    def coverage(self, guild_id: int) -> list[Coverage]:
        return [Coverage(ADA, Counter({Outcome.STORED: self.heard}))] if self.heard else []

    def hear(self) -> None:
        """Ada says a sentence."""
        assert self.sink is not None
        now = asyncio.get_running_loop().time()
        self.heard += len(SENTENCE)
        self.sink.speaker_joined(ADA, 7, now)
        for number, opus in enumerate(SENTENCE):
            self.sink.frame(AudioFrame(ADA, 7, number, 960 * number, opus, now))


class Front:
    def __init__(self) -> None:
        self.said: list[tuple[int, str]] = []

    async def display_name(self, guild_id: int, user_id: int) -> str:
        return "Ada"

    async def say(self, channel_id: int, text: str) -> None:
        self.said.append((channel_id, text))


class Broken:
    """A store of which the calls named in ``calls`` fail."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.calls: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name in self.calls:
            return self._fail
        return getattr(self.store, name)

    def _fail(self, *_: object) -> None:
        raise StoreError("the database notetaker.db cannot be used: database is locked")


class Bench:
    def __init__(self, folder: Path, tasks: asyncio.TaskGroup) -> None:
        url = f"sqlite:///{folder / 'notetaker.db'}"
        self.store = Store(url)
        self.store.migrate()
        self.broken = Broken(self.store)
        self.queue = JobQueue(url)
        self.background = Background()
        self.voice = Voice()
        self.front = Front()
        self.meetings = Meetings(
            cast("VoiceManager", self.voice),
            cast("Store", self.broken),
            self.queue,
            self.background,
            tasks,
            self.front,
            folder / "meetings",
        )


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        bench = Bench(tmp_path, tasks)
        yield bench
        bench.background.close()
        bench.queue.close()
        bench.store.close()


async def test_stopping_hands_the_meeting_over(bench: Bench) -> None:
    meeting = await bench.meetings.start(WISH)
    assert bench.meetings.meeting(GUILD) == meeting
    bench.voice.hear()
    stopped = await bench.meetings.stop(GUILD)
    assert stopped is not None
    assert stopped.speakers == 1
    assert bench.meetings.meeting(GUILD) is None
    assert bench.store.meeting(meeting.id) == replace(stopped.meeting)
    assert bench.store.speakers(meeting.id) == {ADA: "Ada"}
    [utterance] = bench.store.utterances(meeting.id)
    assert bench.queue.transcribe_states([utterance.id])
    assert bench.store.coverage(meeting.id) == bench.voice.coverage(GUILD)
    assert bench.voice.here is None


async def test_of_two_who_start_at_once_one_is_told_that_the_other_has(bench: Bench) -> None:
    results = await asyncio.gather(
        bench.meetings.start(WISH),
        bench.meetings.start(replace(WISH, voice_channel_id=PLANNING)),
        return_exceptions=True,
    )
    [refused] = [result for result in results if isinstance(result, Refused)]
    running = bench.meetings.meeting(GUILD)
    assert running is not None
    assert str(refused) == answers.already_running(running)
    assert len(bench.store.meetings()) == 1
    await bench.meetings.close()


async def test_of_two_who_stop_at_once_one_finds_nothing_to_stop(bench: Bench) -> None:
    await bench.meetings.start(WISH)
    results = await asyncio.gather(bench.meetings.stop(GUILD), bench.meetings.stop(GUILD))
    assert sorted(result is None for result in results) == [False, True]


async def test_a_join_that_fails_leaves_no_meeting(bench: Bench) -> None:
    bench.voice.failure = JoinFailed("Tried 3 times without success.")
    with pytest.raises(Refused, match=rf"^I could not join <#{STANDUP}>\. Tried 3 times without success\."):
        await bench.meetings.start(WISH)
    assert bench.store.meetings() == []
    bench.voice.failure = None
    await bench.meetings.start(WISH)
    await bench.meetings.close()


async def test_a_meeting_that_cannot_be_stored_is_not_begun(bench: Bench) -> None:
    bench.broken.calls = {"add_meeting"}
    with pytest.raises(Refused, match=r"^I cannot store anything at the moment"):
        await bench.meetings.start(WISH)
    assert bench.voice.left == 1
    assert bench.meetings.meeting(GUILD) is None


async def test_what_the_store_refuses_is_stored_by_a_later_tick(bench: Bench) -> None:
    bench.broken.calls = {"add_utterance", "name_speaker"}
    meeting = await bench.meetings.start(WISH)
    bench.voice.hear()
    loop = asyncio.get_running_loop()
    await bench.meetings.tick(loop.time() + 60)
    await bench.meetings.tick(loop.time() + 60)
    assert bench.store.utterances(meeting.id) == []
    bench.broken.calls = set()
    await bench.meetings.tick(loop.time() + 60)
    assert len(bench.store.utterances(meeting.id)) == 1
    await bench.meetings.stop(GUILD)
    assert bench.store.speakers(meeting.id) == {ADA: "Ada"}


async def test_an_end_that_the_store_refuses_is_stored_by_a_later_tick(bench: Bench) -> None:
    meeting = await bench.meetings.start(WISH)
    bench.voice.hear()
    bench.broken.calls = {"add_utterance", "end_meeting"}
    stopped = await bench.meetings.stop(GUILD)
    assert stopped is not None
    [kept] = bench.store.meetings_in(MeetingState.RECORDING)
    assert kept.id == meeting.id
    bench.broken.calls = set()
    await bench.meetings.tick(0.0)
    assert bench.store.meeting(meeting.id) == stopped.meeting
    assert stopped.meeting.state is MeetingState.FINISHING
    assert len(bench.store.utterances(meeting.id)) == 1


async def test_a_tick_under_way_does_not_replace_the_last_counts_by_older_ones(bench: Bench) -> None:
    meeting = await bench.meetings.start(WISH)
    bench.voice.hear()
    await bench.meetings.tick(0.0)
    await bench.background(lambda: None)  # her name is stored: nothing holds up the stop below
    disk = threading.Event()

    async def speak_and_stop() -> None:
        bench.voice.hear()
        asyncio.get_running_loop().call_later(0.05, disk.set)
        await bench.meetings.stop(GUILD)

    await asyncio.gather(bench.background(disk.wait, 20), bench.meetings.tick(0.0), speak_and_stop())
    [coverage] = bench.store.coverage(meeting.id)
    assert coverage.outcomes[Outcome.STORED] == 2 * len(SENTENCE)


async def test_a_shutdown_says_why_the_notes_end(bench: Bench) -> None:
    await bench.meetings.start(WISH)
    await bench.meetings.close()
    [(channel, text)] = bench.front.said
    assert channel == GENERAL
    assert text.startswith(answers.SHUTDOWN)


async def test_a_shutdown_does_not_wait_for_a_join_and_no_other_begins(bench: Bench) -> None:
    bench.voice.hangs = True
    starting = asyncio.ensure_future(bench.meetings.start(WISH))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await bench.meetings.close()
    bench.voice.hangs = False
    for attempt in (starting, bench.meetings.start(WISH), bench.meetings.join(GUILD, STANDUP)):
        with pytest.raises(Refused) as refused:
            await attempt
        assert str(refused.value) == answers.SHUTDOWN
    assert bench.store.meetings() == []


async def test_a_shutdown_ends_a_meeting_that_is_just_being_started(bench: Bench) -> None:
    disk = threading.Event()
    busy = asyncio.ensure_future(bench.background(disk.wait, 20))
    starting = asyncio.ensure_future(bench.meetings.start(WISH))
    await asyncio.sleep(0.05)  # the join is through, the store is busy
    assert bench.voice.here == STANDUP
    assert bench.meetings.meeting(GUILD) is None
    closing = asyncio.ensure_future(bench.meetings.close())
    await asyncio.sleep(0)
    disk.set()
    meeting = await starting
    await asyncio.gather(busy, closing)
    stored = bench.store.meeting(meeting.id)
    assert stored is not None
    assert stored.state is MeetingState.FINISHING
