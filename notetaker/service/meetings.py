"""Meetings, from /startnotes to the moment at which the workers take over. ``discordbot.ports.Meetings``.

A meeting is safe in three steps: every packet is in the journal as it arrives; every utterance that ends becomes
a row and a job within a tick; the end of the meeting becomes a row and a job. Whatever fails in the last two is
tried again with the next tick, and after a crash by ``recovery``: the journal has everything.
"""

import asyncio
import logging
import time
from collections import defaultdict
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from notetaker.discordbot import answers
from notetaker.discordbot.ports import Refused, Start, Started, Stopped
from notetaker.model.meeting import Meeting, MeetingState, new_meeting_id
from notetaker.model.outcome import Coverage
from notetaker.recording.state import OpenGap
from notetaker.service import causes
from notetaker.service.live import LiveMeeting
from notetaker.service.recovery import Interrupted
from notetaker.service.safekeeping import Ending, Safekeeping
from notetaker.service.status import RunningMeeting
from notetaker.store.database import StoreError
from notetaker.voice.manager import VoiceManager
from notetaker.voice.ports import JoinFailed

log = logging.getLogger(__name__)

TICK = 0.5  # seconds between two looks for utterances that have ended
SYNC_EVERY = 1.0  # seconds: what a power loss may cost
COVERAGE_EVERY = 5.0  # seconds: what a crash may cost of the counts


class Front(Protocol):
    """Discord, as far as meetings need it."""

    async def say(self, channel_id: int, text: str) -> None:
        """Posts a plain message; a failure is logged."""

    def obstacle(self, guild_id: int, channel_id: int) -> str | None:
        """Why the bot can never go back into a voice channel, a sentence. Known once it is connected."""


class Meetings:
    def __init__(
        self,
        voice: VoiceManager,
        keeping: Safekeeping,
        tasks: asyncio.TaskGroup,
        front: Front,
        folder: Path,
        resume_window_s: float,
    ) -> None:
        """``folder`` holds one folder per meeting."""
        self._voice = voice
        self._keeping = keeping
        self._tasks = tasks
        self._front = front
        self._folder = folder
        self._resume_window_s = resume_window_s
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._latest: dict[int, int] = {}  # command by guild
        self._closing = False
        self._starting: dict[int, Meeting] = {}
        self._live: dict[int, LiveMeeting] = {}

    # discordbot.ports.Meetings

    def channel(self, guild_id: int) -> int | None:
        return self._voice.channel(guild_id)

    def wanted(self, guild_id: int) -> int | None:
        return self._voice.wanted(guild_id)

    def meeting(self, guild_id: int) -> Meeting | None:
        live = self._live.get(guild_id)
        if live is not None and not live.stopping:
            return live.meeting
        return self._starting.get(guild_id)

    def already_so(self, guild_id: int, command_id: int) -> None:
        self._latest[guild_id] = max(command_id, self._latest.get(guild_id, 0))

    async def join(self, guild_id: int, channel_id: int, command_id: int) -> None:
        self._refuse_another(guild_id)
        self._obey(guild_id, channel_id, command_id)
        async with self._locks[guild_id]:
            trouble = await self._connect(guild_id, channel_id, command_id)
        if trouble is not None:
            raise Refused(answers.join_failed_so_far(channel_id, trouble))

    async def leave(self, guild_id: int, command_id: int) -> Stopped | None:
        self._obey(guild_id, None, command_id)
        async with self._locks[guild_id]:
            if guild_id in self._live:
                return await self._stop(guild_id)
            wanted = self._voice.wanted(guild_id)
            if wanted is not None:
                raise Refused(answers.overtaken(wanted))
            await self._voice.leave(guild_id)
            return None

    async def start(self, wish: Start, command_id: int) -> Started:
        guild_id = wish.guild_id
        self._refuse_another(guild_id)
        self._obey(guild_id, wish.voice_channel_id, command_id)
        self._starting[guild_id] = _meeting(wish)
        try:
            async with self._locks[guild_id]:
                began_ns = time.time_ns()
                trouble = await self._connect(guild_id, wish.voice_channel_id, command_id)
                meeting = _meeting(wish)
                now = time.monotonic()
                live = LiveMeeting(meeting, self._folder / meeting.id, now)
                if trouble is not None:
                    live.meeting = replace(meeting, started_ns=began_ns)
                    live.absent(now, OpenGap(began_ns, causes.not_joined(trouble)))
                try:
                    await self._keeping.add(live)
                except (OSError, StoreError) as error:
                    log.critical("A meeting could not be started: %s", error)
                    await self._voice.leave(guild_id)
                    raise Refused(answers.CANNOT_WRITE) from error
                self._live[guild_id] = live
                self._voice.record(guild_id, live)
        finally:
            del self._starting[guild_id]
        log.info("Meeting %s has started", meeting.id)
        return Started(live.meeting, trouble)

    async def stop(self, guild_id: int, command_id: int) -> Stopped | None:
        if self.meeting(guild_id) is None:
            return None
        self._obey(guild_id, None, command_id)
        return await self._end(guild_id)

    # What the bot process does with them

    async def run(self) -> None:
        """Ticks until cancelled."""
        last_sync = last_coverage = time.monotonic()
        while True:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            sync, coverage = now - last_sync >= SYNC_EVERY, now - last_coverage >= COVERAGE_EVERY
            last_sync = now if sync else last_sync
            last_coverage = now if coverage else last_coverage
            await self.tick(now, sync=sync, coverage=coverage)

    async def tick(self, now: float, *, sync: bool = True, coverage: bool = True) -> None:
        """Stores what has come since the last tick. What fails is logged, kept, and tried again by the next."""
        for guild_id, live in list(self._live.items()):
            if self._live.get(guild_id) is not live:
                continue  # it has ended meanwhile
            live.channel_id = self._voice.channel(guild_id) or live.channel_id
            live.tick(now)
            if live.news:
                news, live.news = "\n".join(live.news), []
                self._say(live, news)
            counts = partial(self._counts, guild_id, live) if coverage else lambda: None
            await self._keeping.keep(live, counts, sync=sync)
        await self._keeping.tick()

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
        return live

    async def rejoin(self, live: LiveMeeting) -> None:
        """Back into the voice channel, with a word to the people about it."""
        guild_id = live.meeting.guild_id
        if self.meeting(guild_id) is not live.meeting:
            return  # it has ended meanwhile
        gone = self._front.obstacle(guild_id, live.channel_id)
        if gone is not None:
            await self._end_and_say(guild_id, gone)
            return
        self._voice.record(guild_id, live)
        try:
            await self._voice.join(guild_id, live.channel_id)
        except JoinFailed as failed:
            if live.stopping:
                return
            if failed.final:
                await self._end_and_say(guild_id, str(failed))
            else:
                self._say(live, answers.still_away(live.meeting, str(failed)))
            return
        self._say_back(live)

    async def close(self) -> None:
        """Suspends every meeting, or ends it when none is ever gone on with, and says so. No other one begins."""
        self._closing = True
        guilds = {*self._locks, *self._live}  # whoever is about to start a meeting holds the lock
        for guild_id in guilds:
            self._give_up(guild_id)  # rounds of attempts may take minutes
        await asyncio.gather(*map(self._close, guilds))

    def running(self) -> tuple[RunningMeeting, ...]:
        """All that are being recorded."""
        return tuple(RunningMeeting(live.meeting, live.speakers) for live in self._live.values())

    # Commands

    def _refuse_another(self, guild_id: int) -> None:
        if self._closing:
            raise Refused(answers.SHUTDOWN)
        meeting = self.meeting(guild_id)
        if meeting is not None:
            raise Refused(answers.already_running(meeting))

    def _obey(self, guild_id: int, channel_id: int | None, command_id: int) -> None:
        """From now on this is wanted, whatever is under way. Raises Refused when a later command came first."""
        if command_id < self._latest.get(guild_id, 0):
            raise Refused(answers.overtaken(self._voice.wanted(guild_id)))
        self._latest[guild_id] = command_id
        if channel_id is None:
            self._give_up(guild_id)
        else:
            self._voice.want(guild_id, channel_id)

    def _give_up(self, guild_id: int) -> None:
        if guild_id in self._live:
            self._live[guild_id].stopping = True
        self._voice.want(guild_id, None)

    async def _connect(self, guild_id: int, channel_id: int, command_id: int) -> str | None:
        """Returns None when in the channel; or why not yet. Raises Refused when that is not to be any more."""
        while True:
            try:
                await self._voice.settled(guild_id, channel_id)
                return None
            except JoinFailed as failed:
                if self._closing:
                    raise Refused(answers.SHUTDOWN) from None
                if not failed.final:
                    return str(failed)
                wanted = self._voice.wanted(guild_id)
                if wanted == channel_id:
                    continue  # somebody gave it up, and somebody else asked for it once more
                if self._latest[guild_id] != command_id:
                    raise Refused(answers.overtaken(wanted)) from None
                raise Refused(answers.join_failed(channel_id, str(failed))) from failed

    # One guild

    async def _end(self, guild_id: int) -> Stopped | None:
        async with self._locks[guild_id]:
            return await self._stop(guild_id) if guild_id in self._live else None

    async def _stop(self, guild_id: int) -> Stopped:
        """Its lock is held."""
        live, coverage = await self._hush(guild_id)
        live.end(time.monotonic())
        del self._live[guild_id]
        meeting = replace(live.meeting, ended_ns=time.time_ns(), state=MeetingState.FINISHING)
        log.info("Meeting %s has ended", meeting.id)
        await self._keeping.end(Ending(live, meeting, coverage))
        return Stopped(meeting, speakers=live.speakers, connected=live.connected)

    async def _hush(self, guild_id: int) -> tuple[LiveMeeting, list[Coverage]]:
        """Leaves voice; the meeting hears nothing after this. Its counts are complete."""
        live = self._live[guild_id]
        live.stopping = True
        await self._voice.leave(guild_id)
        coverage = live.true_coverage(self._voice.coverage(guild_id))
        self._voice.record(guild_id, None)
        return live, coverage

    async def _end_and_say(self, guild_id: int, why: str) -> None:
        """Ends a meeting that nobody asked to end."""
        stopped = await self._end(guild_id)
        if stopped is not None:
            meeting = stopped.meeting
            await self._front.say(meeting.text_channel_id, answers.ended_unasked(meeting, why))

    async def _close(self, guild_id: int) -> None:
        if not self._resume_window_s:
            await self._end_and_say(guild_id, answers.SHUTDOWN)
            return
        async with self._locks[guild_id]:
            if guild_id not in self._live:
                return
            live, coverage = await self._hush(guild_id)
            live.suspend(time.monotonic())
            del self._live[guild_id]
            await self._keeping.keep(live, lambda: coverage)
            log.info("Meeting %s is suspended", live.meeting.id)
        until_s = round(time.time() + self._resume_window_s)
        await self._front.say(live.meeting.text_channel_id, answers.suspended(live.meeting, until_s))

    def _counts(self, guild_id: int, live: LiveMeeting) -> list[Coverage] | None:
        """None when the meeting has been stopped meanwhile: its last word on the counts is with its end."""
        if self._live.get(guild_id) is not live:
            return None
        return live.true_coverage(self._voice.coverage(guild_id))

    def _say_back(self, live: LiveMeeting) -> None:
        if live.absence is None:
            return
        first = live.absence.started_ns == live.meeting.started_ns
        meeting = live.meeting
        self._say(live, answers.begun_at_last(meeting) if first else answers.back(meeting, live.absence))

    def _say(self, live: LiveMeeting, text: str) -> None:
        self._tasks.create_task(self._front.say(live.meeting.text_channel_id, text))


def _meeting(wish: Start) -> Meeting:
    """One that starts now."""
    started_ns = time.time_ns()
    return Meeting(
        id=new_meeting_id(started_ns),
        guild_id=wish.guild_id,
        voice_channel_id=wish.voice_channel_id,
        voice_channel_name=wish.voice_channel_name,
        text_channel_id=wish.text_channel_id,
        started_by=wish.started_by,
        started_ns=started_ns,
    )
