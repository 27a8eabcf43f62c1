"""Meetings on a real recorder, store and job queue. Voice and Discord are stand-ins: ``test_bot_process`` has the
real ones.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, cast

from notetaker.discordbot.board import Components
from notetaker.discordbot.ports import Start, Stopped
from notetaker.host.worker_thread import WorkerThread
from notetaker.jobs.queue import JobQueue
from notetaker.meetings.commands import Meetings
from notetaker.meetings.privacy import Privacy
from notetaker.meetings.recordings import Recordings
from notetaker.meetings.recovery import Interrupted, Recovery
from notetaker.meetings.resuming import PAUSE_S, Resuming
from notetaker.meetings.server_settings import ServerSettings
from notetaker.meetings.storage import Storage
from notetaker.model.audio import AudioFrame
from notetaker.model.failure import Failure, Step
from notetaker.model.guild_settings import GuildSettings
from notetaker.model.meeting import Meeting
from notetaker.model.names import Person
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.room import Room
from notetaker.model.voice import Admission
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from notetaker.voice.guild import SUPERSEDED
from notetaker.voice.manager import VoiceManager
from notetaker.voice.ports import JoinFailed, SessionSink
from tests.harness.clocks import Clocks
from tests.harness.office import SENTENCE

GUILD, STANDUP, PLANNING, GENERAL, ADA = 1, 2, 3, 4, 42
WISH = Start(GUILD, STANDUP, "Standup", GENERAL, ADA)


def join_failed(reason: str, *, final: bool = False) -> JoinFailed:
    return JoinFailed(Failure(Step.ENDED, detail=reason), final=final)


def heard(packets: int) -> Coverage:
    """Ada's packets, all of them heard and stored."""
    return Coverage(ADA, Counter({Outcome.HEARD: packets}), stored=packets)


class Voice:
    """``meetings.ports.Voice`` of one guild. It joins at once, and gives up what is no longer wanted."""

    def __init__(self) -> None:
        self.here: int | None = None
        self.target: int | None = None
        self.sink: SessionSink | None = None
        self.failure: JoinFailed | None = None
        self.slow = asyncio.Event()
        """While it is not set, nothing that is wanted comes about."""
        self.slow.set()
        self.left = 0
        self.patience_s = 300.0
        self.heard = 0
        self.waiting: list[AudioFrame] = []
        """What has arrived and has not been read."""
        self.admission: Admission | None = None
        """Whose sound is taken; None: everyone's."""
        self.others_there: set[int] = set()
        """User ids of those whom the voice server shows."""
        self.alone = False
        """With people who have no end-to-end encryption."""
        self._changed = asyncio.Event()
        self._joined = asyncio.Event()

    def want(self, guild_id: int, channel_id: int | None) -> None:
        self.target = channel_id
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

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
            raise JoinFailed(SUPERSEDED, final=True)
        if self.failure is not None:
            if self.failure.final:
                self.target = None
            raise self.failure
        self._come_in(channel_id, asyncio.get_running_loop().time())

    def _come_in(self, channel_id: int, now: float) -> None:
        self.here = channel_id
        self._joined.set()
        if self.sink is not None:
            self.sink.session_opened(now)

    async def is_asked(self) -> None:
        """Until somebody wants something."""
        async with asyncio.timeout(5):
            await self._changed.wait()

    async def is_in(self) -> None:
        """Until it has joined."""
        async with asyncio.timeout(5):
            await self._joined.wait()

    def comes_in(self) -> None:
        """The next round of attempts succeeds, after three seconds."""
        assert self.target is not None
        self._come_in(self.target, asyncio.get_running_loop().time() + 3)

    async def leave(self, guild_id: int) -> None:
        self.target = self.here = None
        self.left += 1
        await asyncio.sleep(0)
        if self.sink is not None:
            self.sink.session_closed(asyncio.get_running_loop().time(), "we left")

    def record(self, guild_id: int, sink: SessionSink | None) -> None:
        self.sink, self.heard, self.admission = sink, 0, None
        if sink is not None and self.here is not None:
            sink.session_opened(asyncio.get_running_loop().time())

    def admit(self, guild_id: int, admission: Admission) -> None:
        self.admission = admission

    def channel(self, guild_id: int) -> int | None:
        return self.here

    def others(self, guild_id: int) -> frozenset[int]:
        return frozenset(self.others_there)

    def nobody_to_hear(self, guild_id: int) -> bool:
        return self.alone

    def catch_up(self, guild_id: int) -> None:
        waiting, self.waiting = self.waiting, []
        for frame in waiting:
            assert self.sink is not None
            self.sink.frame(frame)

    def coverage(self, guild_id: int) -> list[Coverage]:
        if not self.heard:
            return []
        stored = 0 if self.sink is None else self.sink.stored.get(ADA, 0)
        return [Coverage(ADA, Counter({Outcome.HEARD: self.heard}), stored=stored)]

    def hear(self) -> None:
        """Ada says a sentence."""
        assert self.sink is not None
        now = asyncio.get_running_loop().time()
        self.heard += len(SENTENCE)
        self.sink.speaker_joined(ADA, 7, now)
        for number, opus in enumerate(SENTENCE):
            self.sink.frame(AudioFrame(ADA, 7, number, 960 * number, opus, now + 0.02 * number))


class Discord:
    """``meetings.ports.Discord``."""

    def __init__(self) -> None:
        self.said: list[tuple[int, str]] = []
        self.buttons: list[str] = []
        """Labels of the buttons below what was said last."""
        self.gone: str | None = None
        """Why nobody can join the voice channel."""
        self.rooms: dict[int, Room] = {}
        """Voice channels as Discord shows them, which is none unless a test says so."""
        self.closed: set[int] = set()
        """Channels in which the bot may not write after all."""
        self.marked: int | None = None
        """The voice channel that is marked as recorded."""

    async def person(self, guild_id: int, user_id: int) -> Person:
        return Person("Ada", "ada")

    async def say(self, channel_id: int, text: str, buttons: Components = ()) -> bool:
        if channel_id in self.closed:
            return False
        self.said.append((channel_id, text))
        self.buttons = [one["label"] for row in buttons for one in row["components"]]
        return True

    async def tell(self, meeting: Meeting, text: str) -> None:
        await self.say(meeting.text_channel_id, text) or await self.say(meeting.started_by, text)

    def room(self, guild_id: int, channel_id: int, text_channel_id: int) -> Room | None:
        room = self.rooms.get(channel_id)
        return room and replace(room, marked=self.marked == channel_id)

    async def mark(self, guild_id: int, channel_id: int) -> bool:
        self.marked = channel_id
        return True

    async def unmark(self, guild_id: int, channel_id: int) -> None:
        self.marked = None

    def rejoin_failure(self, guild_id: int, channel_id: int) -> str | None:
        return self.gone


class Broken:
    """A store of which the calls named in ``calls`` fail."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.calls: set[str] = set()
        self.error: Exception = StoreError("the database notetaker.db cannot be used: database is locked")

    def __getattr__(self, name: str) -> Any:
        if name in self.calls:
            return self._fail
        return getattr(self.store, name)

    def _fail(self, *_: object) -> None:
        raise self.error

    @contextmanager
    def slow(self, name: str) -> Iterator[tuple[threading.Event, threading.Event]]:
        """Have a call wait. Yield the events that it has begun, and that it may go on."""
        begun, end = threading.Event(), threading.Event()

        def call(*args: object) -> Any:
            begun.set()
            end.wait()
            return getattr(self.store, name)(*args)

        vars(self)[name] = call
        try:
            yield begun, end
        finally:
            end.set()
            del vars(self)[name]


class Bench:
    def __init__(
        self,
        folder: Path,
        tasks: asyncio.TaskGroup,
        resume_window_s: float = 900.0,
        manager: VoiceManager | None = None,
        database_url: str | None = None,
    ) -> None:
        """``manager``: the real one, in place of the stand-in. ``database_url``: in place of a SQLite file."""
        url = database_url or f"sqlite:///{folder / 'notetaker.db'}"
        self.folder = folder / "meetings"
        self.store = Store(url)
        self.store.migrate()
        self.broken = Broken(self.store)
        self.queue = JobQueue(url)
        self.disk = WorkerThread("disk", OSError)
        self.database = WorkerThread("database", StoreError)
        self.discord = Discord()
        self.clocks = Clocks()
        self.later_s = 0.0
        """How much later it is than the loop's clock says."""
        self._tasks = tasks
        self._manager = manager
        self._commands = count(1)
        self.begin(resume_window_s)

    def begin(self, resume_window_s: float) -> None:
        """Another life of the bot."""
        self.voice = Voice()
        voice = self._manager or self.voice
        storage = Storage(cast("Store", self.broken), self.queue, self.disk, self.database)
        self.settings = ServerSettings(storage, GuildSettings())
        self.privacy = Privacy(storage, self.settings)
        self.recordings = Recordings(
            voice,
            storage,
            self._tasks,
            self.discord,
            self.privacy,
            self.folder,
            resume_window_s,
            clock=lambda: asyncio.get_running_loop().time() + self.later_s,
        )
        self.meetings = Meetings(voice, self.recordings, storage, self.settings, self.clocks)

    async def restart(self, resume_window_s: float = 900.0) -> None:
        """The process ends and starts again."""
        self.begin(resume_window_s)
        await self.resume(resume_window_s)

    async def resume(
        self,
        resume_window_s: float = 900.0,
        before_reading: Callable[[], object] = lambda: None,
        pause_s: float = PAUSE_S,
    ) -> None:
        """What the process does when it starts, until it is done with what was interrupted."""
        recovery = Recovery(self.store, self.queue, self.folder, resume_window_s, self.clocks)
        read_back = recovery.read_back

        def slowly(interrupted: Interrupted) -> list[Coverage]:
            before_reading()
            return read_back(interrupted)

        recovery.read_back = slowly  # type: ignore[method-assign]
        connected = asyncio.Event()
        connected.set()
        await Resuming(recovery, self.recordings, self.discord, pause_s=pause_s).run(connected.wait)

    async def start(self, wish: Start = WISH) -> Meeting:
        return (await self.meetings.start(wish, next(self._commands))).meeting

    async def stop(self) -> Stopped | None:
        """With what the loop does for it half a second later."""
        stopped = await self.meetings.stop(GUILD, next(self._commands))
        await self.recordings.store()
        return stopped

    async def join(self, channel_id: int) -> None:
        await self.meetings.join(GUILD, channel_id, next(self._commands))

    async def leave(self) -> Stopped | None:
        return await self.meetings.leave(GUILD, next(self._commands))

    def close(self) -> None:
        self.disk.close()
        self.database.close()
        self.queue.close()
        self.store.close()

    async def tick(self, now: float = 0.0) -> None:
        """All that is done for meetings from time to time."""
        self.recordings.tick(now)
        await self.recordings.sync()
        await self.recordings.store()

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.discord.said]
