"""Starting and stopping, on a real recorder, store and job queue. The voice stack is a stand-in that joins at once:
``test_bot_process`` has the real one.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from notetaker.discordbot import answers
from notetaker.discordbot.ports import Refused, Start, Stopped
from notetaker.jobs.queue import JobQueue
from notetaker.model.audio import AudioFrame
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.outcome import Coverage, Outcome
from notetaker.service.background import Background
from notetaker.service.meetings import Meetings
from notetaker.service.recovery import Recovery
from notetaker.service.resuming import Resuming
from notetaker.service.safekeeping import Safekeeping
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from notetaker.voice.manager import VoiceManager
from notetaker.voice.ports import JoinFailed, SessionSink
from tests.service.office import SENTENCE

GUILD, STANDUP, PLANNING, GENERAL, ADA = 1, 2, 3, 4, 42
WISH = Start(GUILD, STANDUP, "Standup", GENERAL, ADA)


class Voice:
    """Of one guild. As the real one does, it gives up what is not wanted any more."""

    def __init__(self) -> None:
        self.here: int | None = None
        self.target: int | None = None
        self.sink: SessionSink | None = None
        self.failure: JoinFailed | None = None
        self.slow = asyncio.Event()
        """While it is not set, nothing that is wanted comes about."""
        self.slow.set()
        self.left = 0
        self.heard = 0
        self._changed = asyncio.Event()

    def want(self, guild_id: int, channel_id: int | None) -> None:
        self.target = channel_id
        self._changed.set()
        self._changed = asyncio.Event()

    def wanted(self, guild_id: int) -> int | None:
        return self.target

    async def join(self, guild_id: int, channel_id: int) -> None:
        self.want(guild_id, channel_id)
        await self.settled(guild_id, channel_id)

    async def settled(self, guild_id: int, channel_id: int) -> None:
        changed = asyncio.ensure_future(self._changed.wait())
        slow = asyncio.ensure_future(self.slow.wait())
        if self.target == channel_id:
            await asyncio.wait({changed, slow}, return_when=asyncio.FIRST_COMPLETED)
        changed.cancel()
        slow.cancel()
        if self.target != channel_id:
            raise JoinFailed("Somebody has asked for something else meanwhile.", final=True)
        if self.failure is not None:
            if self.failure.final:
                self.target = None
            raise self.failure
        self.here = channel_id
        if self.sink is not None:
            self.sink.session_opened(asyncio.get_running_loop().time())

    async def leave(self, guild_id: int) -> None:
        self.target = self.here = None
        self.left += 1
        await asyncio.sleep(0)
        if self.sink is not None:
            self.sink.session_closed(asyncio.get_running_loop().time(), "we left")

    def record(self, guild_id: int, sink: SessionSink | None) -> None:
        self.sink, self.heard = sink, 0
        if sink is not None and self.here is not None:
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
        self.gone: str | None = None

    async def display_name(self, guild_id: int, user_id: int) -> str:
        return "Ada"

    async def say(self, channel_id: int, text: str) -> None:
        self.said.append((channel_id, text))

    def obstacle(self, guild_id: int, channel_id: int) -> str | None:
        return self.gone


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
    def __init__(self, folder: Path, tasks: asyncio.TaskGroup, resume_window_s: float = 900.0) -> None:
        url = f"sqlite:///{folder / 'notetaker.db'}"
        self.folder = folder / "meetings"
        self.store = Store(url)
        self.store.migrate()
        self.broken = Broken(self.store)
        self.queue = JobQueue(url)
        self.background = Background()
        self.front = Front()
        self._tasks = tasks
        self._commands = count(1)
        self.begin(resume_window_s)

    def begin(self, resume_window_s: float) -> None:
        """Another life of the bot."""
        self.voice = Voice()
        keeping = Safekeeping(
            cast("Store", self.broken), self.queue, self.background, self._tasks, self.front
        )
        self.meetings = Meetings(
            cast("VoiceManager", self.voice), keeping, self._tasks, self.front, self.folder, resume_window_s
        )

    async def restart(self, resume_window_s: float = 900.0) -> None:
        """What the process does when it starts, until it is done with what was interrupted."""
        self.begin(resume_window_s)
        recovery = Recovery(self.store, self.queue, self.folder, resume_window_s)
        connected = asyncio.Event()
        connected.set()
        await Resuming(recovery, self.meetings, self.front).run(connected.wait)

    async def start(self, wish: Start = WISH) -> Meeting:
        return (await self.meetings.start(wish, next(self._commands))).meeting

    async def stop(self) -> Stopped | None:
        return await self.meetings.stop(GUILD, next(self._commands))

    async def join(self, channel_id: int) -> None:
        await self.meetings.join(GUILD, channel_id, next(self._commands))

    async def leave(self) -> Stopped | None:
        return await self.meetings.leave(GUILD, next(self._commands))

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.front.said]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        bench = Bench(tmp_path, tasks)
        yield bench
        bench.background.close()
        bench.queue.close()
        bench.store.close()


async def test_stopping_hands_the_meeting_over(bench: Bench) -> None:
    meeting = await bench.start()
    assert bench.meetings.meeting(GUILD) == meeting
    bench.voice.hear()
    stopped = await bench.stop()
    assert stopped is not None
    assert stopped.speakers == 1
    assert bench.meetings.meeting(GUILD) is None
    assert bench.store.meeting(meeting.id) == replace(stopped.meeting)
    assert bench.store.speakers(meeting.id) == {ADA: "Ada"}
    [utterance] = bench.store.utterances(meeting.id)
    assert bench.queue.transcribe_states([utterance.id])
    assert bench.store.coverage(meeting.id) == [Coverage(ADA, Counter({Outcome.STORED: len(SENTENCE)}))]
    assert bench.voice.here is None


async def test_of_two_who_start_at_once_one_is_told_that_the_other_has(bench: Bench) -> None:
    results = await asyncio.gather(
        bench.start(),
        bench.start(replace(WISH, voice_channel_id=PLANNING)),
        return_exceptions=True,
    )
    [refused] = [result for result in results if isinstance(result, Refused)]
    running = bench.meetings.meeting(GUILD)
    assert running is not None
    assert str(refused) == answers.already_running(running)
    assert len(bench.store.meetings()) == 1
    await bench.meetings.close()


async def test_of_two_who_stop_at_once_one_finds_nothing_to_stop(bench: Bench) -> None:
    await bench.start()
    results = await asyncio.gather(bench.stop(), bench.stop())
    assert sorted(result is None for result in results) == [False, True]


async def test_a_join_that_is_hopeless_leaves_no_meeting(bench: Bench) -> None:
    bench.voice.failure = JoinFailed("The voice server demands DAVE (4017).", final=True)
    with pytest.raises(Refused, match=rf"^I could not join <#{STANDUP}>\. The voice server demands DAVE"):
        await bench.start()
    assert bench.store.meetings() == []
    assert bench.meetings.meeting(GUILD) is None
    bench.voice.failure = None
    await bench.start()
    await bench.meetings.close()


async def test_a_meeting_that_cannot_be_stored_is_not_begun(bench: Bench) -> None:
    bench.broken.calls = {"add_meeting"}
    with pytest.raises(Refused, match=r"^I cannot store anything at the moment"):
        await bench.start()
    assert bench.voice.left == 1
    assert bench.meetings.meeting(GUILD) is None


async def test_what_the_store_refuses_is_stored_by_a_later_tick(bench: Bench) -> None:
    bench.broken.calls = {"add_utterance", "name_speaker"}
    meeting = await bench.start()
    bench.voice.hear()
    loop = asyncio.get_running_loop()
    await bench.meetings.tick(loop.time() + 60)
    await bench.meetings.tick(loop.time() + 60)
    assert bench.store.utterances(meeting.id) == []
    bench.broken.calls = set()
    await bench.meetings.tick(loop.time() + 60)
    assert len(bench.store.utterances(meeting.id)) == 1
    await bench.stop()
    assert bench.store.speakers(meeting.id) == {ADA: "Ada"}


async def test_an_end_that_the_store_refuses_is_stored_by_a_later_tick(bench: Bench) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    bench.broken.calls = {"add_utterance", "end_meeting"}
    stopped = await bench.stop()
    assert stopped is not None
    [kept] = bench.store.meetings_in(MeetingState.RECORDING)
    assert kept.id == meeting.id
    bench.broken.calls = set()
    await bench.meetings.tick(0.0)
    assert bench.store.meeting(meeting.id) == stopped.meeting
    assert stopped.meeting.state is MeetingState.FINISHING
    assert len(bench.store.utterances(meeting.id)) == 1


async def test_a_tick_under_way_does_not_replace_the_last_counts_by_older_ones(bench: Bench) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    await bench.meetings.tick(0.0)
    await bench.background(lambda: None)  # her name is stored: nothing holds up the stop below
    disk = threading.Event()

    async def speak_and_stop() -> None:
        bench.voice.hear()
        asyncio.get_running_loop().call_later(0.05, disk.set)
        await bench.stop()

    await asyncio.gather(bench.background(disk.wait, 20), bench.meetings.tick(0.0), speak_and_stop())
    [coverage] = bench.store.coverage(meeting.id)
    assert coverage.outcomes[Outcome.STORED] == 2 * len(SENTENCE)


