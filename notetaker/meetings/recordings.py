"""The meetings that are being recorded: heard, stored, suspended, gone on with, ended.

A meeting is safe in three steps: every packet is in the journal as it arrives, and safe from power loss soon after;
every utterance that ends becomes a row and a job; the end of the meeting becomes a row and a job. Whatever fails in
the last two is tried again a moment later, and after a crash by ``recovery``: the journal has everything.
"""

import asyncio
import logging
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Protocol

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Stopped
from notetaker.meetings.live import LiveMeeting
from notetaker.meetings.recovery import Interrupted
from notetaker.meetings.saving import Ending, Safekeeping
from notetaker.model import events
from notetaker.model.meeting import MeetingState, RunningMeeting
from notetaker.model.outcome import Coverage
from notetaker.voice.manager import VoiceManager
from notetaker.voice.ports import JoinFailed
from notetaker.voice.timing import TimedLock

log = logging.getLogger(__name__)

TICK = 0.1  # seconds between two looks for utterances that have ended; one that has is stored at once
IDLE_TICK = 0.5  # ... while nobody speaks: none ends sooner than that after it has begun
STORE_EVERY = 0.5  # seconds between two attempts to store what has failed, or is not urgent
SYNC_EVERY = 1.0  # seconds: what a power loss may cost
COVERAGE_EVERY = 5.0  # seconds: what a crash may cost of the counts
STORING_S = 600.0  # how long a disk may keep waiting who begins or ends a meeting


class Front(Protocol):
    """Discord, as far as recordings need it."""

    async def say(self, channel_id: int, text: str) -> None:
        """Posts a plain message; a failure is logged."""

    def obstacle(self, guild_id: int, channel_id: int) -> str | None:
        """Why the bot can never go back into a voice channel, a sentence. Known once it is connected."""


class Recordings:
    """At most one in each guild."""

    def __init__(
        self,
        voice: VoiceManager,
        keeping: Safekeeping,
        tasks: asyncio.TaskGroup,
        front: Front,
        resume_window_s: float,
    ) -> None:
        """Meetings interrupted for longer than ``resume_window_s`` do not go on; 0: none does."""
        self._voice = voice
        self._keeping = keeping
        self._tasks = tasks
        self._front = front
        self.resume_window_s = resume_window_s
        self.ticked_at = self._disk_clock()
        """When ``tick`` ended last, on the clock of the disk."""
        self.stored_at = self._database_clock()
        """When ``store`` ended last, on the clock of the database."""
        self._live: dict[int, LiveMeeting] = {}
        self._unstored = asyncio.Event()
        """An utterance or a meeting has ended, and nobody has tried to store that yet."""
        self.locks: defaultdict[int, TimedLock] = defaultdict(
            lambda: TimedLock(self._database_clock, lambda: voice.patience_s + STORING_S)
        )
        """By guild; held by whoever begins or ends a meeting, however long the database is away."""

    def get(self, guild_id: int) -> LiveMeeting | None:
        return self._live.get(guild_id)

    @property
    def live(self) -> tuple[LiveMeeting, ...]:
        """All that are being recorded."""
        return tuple(self._live.values())

    def begin(self, live: LiveMeeting) -> None:
        """From now on it hears what is said. The guild's lock is held."""
        guild_id = live.meeting.guild_id
        self._live[guild_id] = live
        self._voice.record(guild_id, live)
        log.info("Meeting %s has started", live.meeting.id, extra=events.MEETING_STARTED.of(live.meeting))

    def give_up(self, guild_id: int) -> None:
        """Nobody wants the bot in a voice channel any more, at once; whoever says so ends the meeting, too."""
        if guild_id in self._live:
            self._live[guild_id].stopping = True
        self._voice.want(guild_id, None)

    async def end(self, guild_id: int) -> Stopped | None:
        async with self.locks[guild_id]:
            return await self.stop(guild_id)

    async def stop(self, guild_id: int) -> Stopped | None:
        """Leaves voice and ends the meeting. The guild's lock is held. None: there is no meeting."""
        if guild_id not in self._live:
            return None
        live, coverage = await self._hush(guild_id)
        live.end(time.monotonic())
        del self._live[guild_id]
        meeting = replace(live.meeting, ended_ns=time.time_ns(), state=MeetingState.FINISHING)
        log.info("Meeting %s has ended", meeting.id, extra=events.MEETING_ENDED.of(meeting))
        await self._keeping.end(Ending(live, meeting, coverage))
        self._unstored.set()
        return Stopped(meeting, speakers=live.speakers, connected=live.connected)

    async def close(self) -> None:
        """Suspends all meetings, or ends them when none is ever gone on with, and says so."""
        guilds = {*self.locks, *self._live}  # whoever is about to start a meeting holds the lock
        for guild_id in guilds:
            self.give_up(guild_id)  # rounds of attempts may take minutes
        await asyncio.gather(*map(self._close, guilds))
        await self._keeping.hand_over()

    def running(self) -> tuple[RunningMeeting, ...]:
        """``live``, for people."""
        return tuple(RunningMeeting(live.meeting, live.speakers) for live in self.live)

    async def run(self) -> None:
        """Until cancelled: ``tick`` and ``store``, of which neither waits for the other."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_ticking())
            tasks.create_task(self._keep_storing())

    async def tick(self, now: float, *, sync: bool = True) -> None:
        """Collects the utterances that have ended, and tells people what is new. With ``sync``, all that has come is
        safe from power loss.
        """
        for guild_id, live in self._live.items():
            live.channel_id = self._voice.channel(guild_id) or live.channel_id
            if live.tick(now):
                self._unstored.set()
            if live.news:
                news, live.news = "\n".join(live.news), []
                self._say(live, news)
        for live in self.live if sync else ():
            if self._live.get(live.meeting.guild_id) is live:  # it has not ended meanwhile
                await self._keeping.sync(live)

    async def store(self, *, coverage: bool = True) -> None:
        """Stores what has come. What fails is logged, kept, and tried again by the next."""
        for guild_id, live in list(self._live.items()):
            counts = partial(self._counts, guild_id, live) if coverage else lambda: None
            if self._live.get(guild_id) is live:
                await self._keeping.store(live, counts)
        await self._keeping.hand_over()

    def waiting(self, guild_id: int, reason: str) -> None:
        """The bot could not get into its voice channel, and goes on trying: people must not talk in vain."""
        live = self._live.get(guild_id)
        if live is not None and not live.stopping:
            self._say(live, replies.still_away(live.channel_id, reason))

    def joined(self, guild_id: int) -> None:
        """The bot is in its voice channel, after attempts had failed."""
        live = self._live.get(guild_id)
        if live is not None:
            self._say_back(live)

    def removed(self, guild_id: int, reason: str) -> None:
        """The bot was taken out of its voice channel for good."""
        if guild_id in self._live:
            self._tasks.create_task(self._end_and_say(guild_id, reason))

    def take_up(self, interrupted: Interrupted) -> LiveMeeting:
        """A meeting of an earlier life of the bot goes on; ``rejoin`` it when Discord is there."""
        meeting = interrupted.meeting
        now = time.monotonic()
        live = LiveMeeting(meeting, interrupted.folder, now)
        live.channel_id = interrupted.channel_id
        live.earlier = None
        live.connected = interrupted.segments > 0
        live.absent(now, interrupted.absence)
        self._live[meeting.guild_id] = live
        log.info("Meeting %s goes on", meeting.id, extra=events.MEETING_RESUMED.of(meeting))
        return live

    async def rejoin(self, live: LiveMeeting) -> None:
        """Back into the voice channel, with a word to the people about it."""
        guild_id = live.meeting.guild_id
        if not self._goes_on(live):
            return
        gone = self._front.obstacle(guild_id, live.channel_id)
        if gone is not None:
            await self._end_and_say(guild_id, gone)
            return
        self._voice.record(guild_id, live)
        try:
            await self._voice.join(guild_id, live.channel_id)
        except JoinFailed as failed:
            if failed.final and self._goes_on(live):
                await self._end_and_say(guild_id, str(failed))
            return  # else ``waiting`` has said so
        self._say_back(live)

    # In the order of their haste

    async def _keep_ticking(self) -> None:
        synced = time.monotonic()
        while True:
            busy = any(live.recorder.busy for live in self.live)
            await asyncio.sleep(TICK if busy else IDLE_TICK)
            now = time.monotonic()
            sync = now - synced >= SYNC_EVERY
            synced = now if sync else synced
            self._keeping.tell(now)
            await self.tick(now, sync=sync)
            self.ticked_at = self._disk_clock()

    async def _keep_storing(self) -> None:
        counted = time.monotonic()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(STORE_EVERY):
                    await self._unstored.wait()
            self._unstored.clear()
            now = time.monotonic()
            coverage = now - counted >= COVERAGE_EVERY
            counted = now if coverage else counted
            await self.store(coverage=coverage)
            self.stored_at = self._database_clock()

    def _disk_clock(self) -> float:
        return self._keeping.disk.clock(time.monotonic())

    def _database_clock(self) -> float:
        return self._keeping.database.clock(time.monotonic())

    # One guild

    async def _hush(self, guild_id: int) -> tuple[LiveMeeting, list[Coverage]]:
        """Leaves voice; the meeting hears nothing after this. Its counts are complete."""
        live = self._live[guild_id]
        live.stopping = True
        await self._voice.leave(guild_id)
        coverage = self._voice.coverage(guild_id)
        self._voice.record(guild_id, None)
        return live, coverage

    async def _end_and_say(self, guild_id: int, why: str) -> None:
        """Ends a meeting that nobody asked to end."""
        stopped = await self.end(guild_id)
        if stopped is not None:
            meeting = stopped.meeting
            await self._front.say(meeting.text_channel_id, replies.stopped_unasked(meeting, why))

    async def _close(self, guild_id: int) -> None:
        if not self.resume_window_s:
            await self._end_and_say(guild_id, replies.SHUTDOWN)
            return
        async with self.locks[guild_id]:
            if guild_id not in self._live:
                return
            live, coverage = await self._hush(guild_id)
            live.suspend(time.monotonic())
            del self._live[guild_id]
            await self._keeping.sync(live)
            await self._keeping.store(live, lambda: coverage)
            log.info(
                "Meeting %s is suspended", live.meeting.id, extra=events.MEETING_SUSPENDED.of(live.meeting)
            )
        until_s = round(time.time() + self.resume_window_s)
        await self._front.say(live.meeting.text_channel_id, replies.suspended(live.meeting, until_s))

    def _goes_on(self, live: LiveMeeting) -> bool:
        return self._live.get(live.meeting.guild_id) is live and not live.stopping

    def _counts(self, guild_id: int, live: LiveMeeting) -> list[Coverage] | None:
        """None when the meeting has been stopped meanwhile: its last word on the counts is with its end."""
        if self._live.get(guild_id) is not live:
            return None
        return self._voice.coverage(guild_id)

    def _say_back(self, live: LiveMeeting) -> None:
        if live.absence is None:
            return
        first = live.absence.started_ns == live.meeting.started_ns
        meeting = live.meeting
        self._say(live, replies.joined_at_last(meeting) if first else replies.back(meeting, live.absence))

    def _say(self, live: LiveMeeting, text: str) -> None:
        self._tasks.create_task(self._front.say(live.meeting.text_channel_id, text))
