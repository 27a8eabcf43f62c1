"""The meetings that are being recorded: started, stored, suspended, resumed, stopped.

A meeting is safe in three steps: every packet is in the journal as it arrives, and safe from power loss soon after;
every utterance that ends becomes a row and a job; the end of the meeting becomes a row and a job. What fails in the
last two is tried again a moment later, and after a crash by ``recovery``: the journal has everything.
"""

import asyncio
import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Stopped
from notetaker.meetings.attendance import Attendance
from notetaker.meetings.live import LiveMeeting
from notetaker.meetings.ports import Discord, Voice
from notetaker.meetings.privacy import Privacy
from notetaker.meetings.recovery import Interrupted
from notetaker.meetings.saving import Saving
from notetaker.meetings.storage import Storage
from notetaker.model import events
from notetaker.model.consent import Consent
from notetaker.model.guild_settings import GuildSettings
from notetaker.model.meeting import Meeting, RunningMeeting
from notetaker.model.outcome import Coverage
from notetaker.recording.clock import MeetingClock
from notetaker.recording.state import OpenGap
from notetaker.voice.ports import JoinFailed
from notetaker.voice.timing import TimedLock

log = logging.getLogger(__name__)

TICK = 0.1  # seconds between checks for utterances that have ended
IDLE_TICK = 0.5  # ... while nobody speaks: no utterance ends sooner than that after it has begun
LOOK_EVERY = 1.0  # seconds between two looks at the rooms, besides those when something has changed
STORE_EVERY = 0.5  # seconds between two attempts to store what has failed, or is not urgent
SYNC_EVERY = 1.0  # seconds: what a power loss may cost
COVERAGE_EVERY = 5.0  # seconds: what a crash may cost of the counts
LONGEST_S = 6 * 3600.0  # how long a meeting may be
STORING_S = 600.0  # how long the disk may delay the start or end of a meeting


class Recordings:
    """At most one in each guild. ``voice.ports.VoiceObserver``."""

    def __init__(
        self,
        voice: Voice,
        storage: Storage,
        tasks: asyncio.TaskGroup,
        discord: Discord,
        privacy: Privacy,
        folder: Path,
        resume_window_s: float,
        longest_s: float = LONGEST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``folder`` holds one folder per meeting. Meetings that were interrupted for longer than ``resume_window_s``
        are not resumed; with 0, none is. None is longer than ``longest_s``.
        """
        self._voice = voice
        self._storage = storage
        self._tasks = tasks
        self._discord = discord
        self._privacy = privacy
        privacy.on_change = self.look
        self._folder = folder
        self.longest_s = longest_s
        self._clock = clock
        self._looked = -math.inf
        self.resume_window_s = resume_window_s
        self.ticked_at = storage.disk_clock()
        """When the loop turned last, on the clock of the disk."""
        self.stored_at = storage.database_clock()
        """When ``store`` ended last, on the clock of the database."""
        self.locks: defaultdict[int, TimedLock] = defaultdict(
            lambda: TimedLock(storage.database_clock, lambda: voice.patience_s + STORING_S)
        )
        """By guild; held to start, stop or suspend a meeting, however long the database is away."""
        self._recorded: dict[int, Saving] = {}  # by guild
        self._attendance: dict[int, Attendance] = {}  # of the same meetings
        self._stopped: set[Saving] = set()
        self._urgent = asyncio.Event()
        """An utterance or a meeting has ended since ``store`` began last."""

    def get(self, guild_id: int) -> LiveMeeting | None:
        saving = self._recorded.get(guild_id)
        return None if saving is None else saving.live

    @property
    def live(self) -> tuple[LiveMeeting, ...]:
        """All that are being recorded."""
        return tuple(saving.live for saving in self._recorded.values())

    def running(self) -> tuple[RunningMeeting, ...]:
        """``live``, for people."""
        return tuple(RunningMeeting(live.meeting, live.speakers, live.paused) for live in self.live)

    def disk_failures(self) -> Iterator[tuple[Meeting, OSError]]:
        """The meetings whose journal the disk does not take, and why."""
        for saving in self._recorded.values():
            if saving.disk_failure is not None:
                yield saving.live.meeting, saving.disk_failure

    # From start to stop. The guild's lock is held.

    async def start(
        self, meeting: Meeting, clock: MeetingClock, gap: OpenGap | None, settings: GuildSettings
    ) -> None:
        """Store a meeting, then record it. Raises OSError and StoreError.

        ``clock`` began with the meeting. ``gap``: since when, and why, the bot is not in the voice channel; None if
        it is in.
        """
        consent = await self._privacy.read(meeting.guild_id, settings)
        live = LiveMeeting(meeting, self._folder / meeting.id, clock, self._urgent.set, gap=gap)
        saving = self._saving(live, earlier=[])
        await saving.add()
        self._recorded[meeting.guild_id] = saving
        self._attend(live, settings, consent, announced=gap is not None)
        log.info("Meeting %s started", meeting.id, extra=events.MEETING_STARTED.of(meeting))

    def want_none(self, guild_id: int) -> None:
        """Interrupt at once what is under way in voice; ``stop`` or ``suspend`` follows. No lock is needed."""
        live = self.get(guild_id)
        if live is not None:
            live.leave()
        attendance = self._attendance.get(guild_id)
        if attendance is None or not attendance.marked:  # else the mark comes off first
            self._voice.want(guild_id, None)

    async def stop(self, guild_id: int, stopped_in: int | None = None) -> Stopped | None:
        """Leave voice and stop the meeting. Returns None if there is none.

        ``stopped_in`` is the channel in which someone asked for it.
        """
        if guild_id not in self._recorded:
            return None
        saving = await self._leave(guild_id)
        live = saving.live
        live.stop(self._clock(), stopped_in)
        log.info("Meeting %s stopped", live.meeting.id, extra=events.MEETING_ENDED.of(live.meeting))
        self._stopped.add(saving)
        await saving.sync()
        self._urgent.set()  # ``store`` does the rest: nobody waits for the database
        return Stopped(live.meeting, speakers=live.speakers, connected=live.connected)

    async def suspend(self) -> None:
        """Suspend all meetings, or stop them if none may be resumed, and tell people. Takes the locks itself."""
        guilds = {*self.locks, *self._recorded}  # a meeting that is just being started has the lock
        for guild_id in guilds:
            self.want_none(guild_id)  # rounds of attempts may take minutes
        await asyncio.gather(*map(self._suspend, guilds))
        await self._finish_stopped()

    # After a restart

    def resume(self, interrupted: Interrupted) -> Saving:
        """Record a meeting of an earlier life of the bot again; ``rejoin`` it once Discord is there."""
        meeting = interrupted.meeting
        live = LiveMeeting(
            meeting,
            interrupted.folder,
            interrupted.clock,
            self._urgent.set,
            place=interrupted.place,
            connected=interrupted.segments > 0,
            gap=interrupted.gap,
            held=interrupted.paused,
        )
        saving = self._recorded[meeting.guild_id] = self._saving(live, earlier=None)
        log.info("Meeting %s resumed", meeting.id, extra=events.MEETING_RESUMED.of(meeting))
        return saving

    async def rejoin(self, live: LiveMeeting) -> None:
        """Go back into the voice channel, and tell people."""
        guild_id = live.meeting.guild_id
        if not self._wanted(live):
            return
        reason = self._discord.rejoin_failure(guild_id, live.channel_id)
        if reason is not None:
            await self._stop_unasked(guild_id, reason)
            return
        settings, consent = await self._privacy.until_read(guild_id)
        if not self._wanted(live):
            return
        self._voice.want(guild_id, live.channel_id)
        self._attend(live, settings, consent, announced=True)
        try:
            await self._voice.join(guild_id, live.channel_id)
        except JoinFailed as failed:
            if failed.final and self._wanted(live):
                await self._stop_unasked(guild_id, str(failed))
            return  # else ``waiting`` has said so
        self._say_back(live)

    # voice.ports.VoiceObserver

    def removed(self, guild_id: int, reason: str) -> None:
        if guild_id in self._recorded:
            self._tasks.create_task(self._stop_unasked(guild_id, reason))

    def moved(self, guild_id: int) -> None:
        self.look(guild_id)

    def waiting(self, guild_id: int, reason: str) -> None:
        live = self.get(guild_id)
        if live is not None and not live.leaving:
            self.say(live, replies.still_away(self._voice.wanted(guild_id) or live.channel_id, reason))

    def joined(self, guild_id: int) -> None:
        live = self.get(guild_id)
        if live is not None:
            self._say_back(live)

    # The loop

    async def run(self) -> None:
        """Look after all meetings until cancelled. The loop itself waits for neither disk nor database."""
        synced = stored = counted = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            storing = tasks.create_task(self.store(coverage=False))
            syncing = tasks.create_task(self.sync())
            while True:
                await self._pause(storing)
                now = time.monotonic()
                self._storage.report(now)
                self.tick(now)
                if storing.done() and (self._urgent.is_set() or now - stored >= STORE_EVERY):
                    coverage = now - counted >= COVERAGE_EVERY
                    stored, counted = now, now if coverage else counted
                    storing = tasks.create_task(self.store(coverage=coverage))
                if syncing.done() and now - synced >= SYNC_EVERY:
                    synced = now
                    syncing = tasks.create_task(self.sync())
                self.ticked_at = self._storage.disk_clock()

    def tick(self, now: float) -> None:
        """End the utterances that have been quiet for long enough, and tell people what is new."""
        if self._clock() - self._looked >= LOOK_EVERY:
            self._looked = self._clock()
            for guild_id in self._attendance:
                self.look(guild_id)
        for guild_id, saving in self._recorded.items():
            live = saving.live
            self._voice.catch_up(guild_id)  # what waits in the socket may have been said before now
            news = live.tick(now)
            if news is not None:
                self.say(live, news)

    def look(self, guild_id: int) -> None:
        """See who is in the room of a meeting, and what the bot may do there: that may have changed."""
        attendance = self._attendance.get(guild_id)
        if attendance is not None:
            attendance.look(self.longest_s)

    async def sync(self) -> None:
        """Make what has come so far safe from power loss."""
        for saving in list(self._recorded.values()):
            if self._is_recorded(saving):  # it has not ended meanwhile
                await saving.sync()

    async def store(self, *, coverage: bool = True) -> None:
        """Store what has come so far, and hand meetings that have been stopped to the workers."""
        self._urgent.clear()
        for saving in list(self._recorded.values()):
            if self._is_recorded(saving):
                await saving.store(coverage=coverage)
        await self._finish_stopped()
        self.stored_at = self._storage.database_clock()

    async def _pause(self, storing: asyncio.Task[None]) -> None:
        """Wait for the next tick, or until something urgent can be stored."""
        busy = any(live.recorder.busy for live in self.live)
        with suppress(TimeoutError):
            async with asyncio.timeout(TICK if busy else IDLE_TICK):
                await asyncio.wait([storing])
                await self._urgent.wait()

    async def _finish_stopped(self) -> None:
        for saving in list(self._stopped):
            if await saving.finish():
                self._stopped.discard(saving)

    # One guild

    def _saving(self, live: LiveMeeting, earlier: list[Coverage] | None) -> Saving:
        coverage = partial(self._voice.coverage, live.meeting.guild_id)
        return Saving(live, self._storage, self._discord, self._tasks, coverage, earlier)

    def _attend(
        self,
        live: LiveMeeting,
        settings: GuildSettings,
        consent: Consent,
        *,
        announced: bool,
    ) -> None:
        """Record a meeting as far as the people in its room are shown that it is."""
        guild_id = live.meeting.guild_id
        self._attendance[guild_id] = Attendance(
            live,
            settings,
            consent,
            self._voice,
            self._discord,
            self._tasks.create_task,
            partial(self._stop_unasked, guild_id),
            self._clock,
            announced=announced,
        )
        self._voice.record(guild_id, live)
        self.look(guild_id)

    def _is_recorded(self, saving: Saving) -> bool:
        return self._recorded.get(saving.live.meeting.guild_id) is saving

    def _wanted(self, live: LiveMeeting) -> bool:
        return self.get(live.meeting.guild_id) is live and not live.leaving

    async def _leave(self, guild_id: int) -> Saving:
        """Leave voice: the meeting hears nothing after this, and its counts are final."""
        saving = self._recorded[guild_id]
        saving.live.leave()
        attendance = self._attendance.pop(guild_id, None)
        if attendance is not None:
            await attendance.close()
        await self._voice.leave(guild_id)
        saving.freeze_coverage()
        self._voice.record(guild_id, None)
        del self._recorded[guild_id]
        return saving

    async def _stop_unasked(self, guild_id: int, reason: str) -> None:
        """Stop a meeting that nobody asked to stop, and tell people the reason."""
        attendance = self._attendance.get(guild_id)
        async with self.locks[guild_id]:
            stopped = await self.stop(guild_id)
        if stopped is not None:
            text = replies.stopped_unasked(stopped.meeting, reason)
            await self._discord.tell(stopped.meeting, text)
            for channel_id in attendance.others if attendance is not None else ():
                await self._discord.say(channel_id, text)

    async def _suspend(self, guild_id: int) -> None:
        if not self.resume_window_s:
            await self._stop_unasked(guild_id, replies.SHUTDOWN)
            return
        async with self.locks[guild_id]:
            if guild_id not in self._recorded:
                return
            saving = await self._leave(guild_id)
            meeting = saving.live.meeting
            saving.live.suspend(self._clock())
            await saving.sync()
            await saving.store()
            log.info("Meeting %s suspended", meeting.id, extra=events.MEETING_SUSPENDED.of(meeting))
        until_s = round(time.time() + self.resume_window_s)
        await self._discord.tell(meeting, replies.suspended(meeting, until_s))

    def _say_back(self, live: LiveMeeting) -> None:
        meeting, gap = live.meeting, live.session_gap
        if gap is not None:
            first = gap.started_ns == meeting.started_ns
            paused = live.held is not None
            self.say(
                live,
                replies.joined_at_last(meeting, opt_in=live.opt_in)
                if first
                else replies.back(meeting, gap, opt_in=live.opt_in, paused=paused),
            )

    def say(self, live: LiveMeeting, text: str) -> None:
        """Tell the people in the room, and where the notes go."""
        attendance = self._attendance.get(live.meeting.guild_id)
        if attendance is not None:
            attendance.say(text)
