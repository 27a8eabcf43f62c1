"""Meetings, from /startnotes to the moment at which the workers take over. ``discordbot.ports.Meetings``.

A meeting is safe in three steps: every packet is in the journal as it arrives; every utterance that ends becomes
a row and a job within a tick; the end of the meeting becomes a row and a job. Whatever fails in the last two is
tried again with the next tick, and after a crash by ``recovery``: the journal has everything.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from notetaker.discordbot import answers
from notetaker.discordbot.ports import Refused, Start, Stopped
from notetaker.jobs.queue import JobQueue
from notetaker.model.meeting import Meeting, MeetingState, new_meeting_id
from notetaker.model.outcome import Coverage
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Utterance
from notetaker.recording.recorder import Recorder
from notetaker.service.background import Background
from notetaker.service.live import LiveMeeting
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from notetaker.voice.manager import VoiceManager
from notetaker.voice.ports import JoinFailed

log = logging.getLogger(__name__)

TICK = 0.5  # seconds between two looks for utterances that have ended
SYNC_EVERY = 1.0  # seconds: what a power loss may cost
COVERAGE_EVERY = 5.0  # seconds: what a crash may cost of the counts


class Front(Protocol):
    """Discord, as far as meetings need it."""

    async def display_name(self, guild_id: int, user_id: int) -> str: ...

    async def say(self, channel_id: int, text: str) -> None:
        """Posts a plain message; a failure is logged."""


@dataclass(slots=True)
class _Ending:
    """A meeting whose recording is over and whose end is not in the store yet."""

    live: LiveMeeting
    meeting: Meeting
    coverage: list[Coverage]


class Meetings:
    def __init__(
        self,
        voice: VoiceManager,
        store: Store,
        queue: JobQueue,
        background: Background,
        tasks: asyncio.TaskGroup,
        front: Front,
        folder: Path,
    ) -> None:
        """``folder`` holds one folder per meeting."""
        self._voice = voice
        self._store = store
        self._queue = queue
        self._background = background
        self._tasks = tasks
        self._front = front
        self._folder = folder
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._joining: dict[int, asyncio.Timeout] = {}
        self._closing = False
        self._saving = asyncio.Lock()
        self._live: dict[int, LiveMeeting] = {}
        self._ending: list[_Ending] = []

    # discordbot.ports.Meetings

    def channel(self, guild_id: int) -> int | None:
        return self._voice.channel(guild_id)

    def meeting(self, guild_id: int) -> Meeting | None:
        live = self._live.get(guild_id)
        return live.meeting if live is not None else None

    async def join(self, guild_id: int, channel_id: int) -> None:
        async with self._locks[guild_id]:
            await self._join(guild_id, channel_id)

    async def leave(self, guild_id: int) -> Stopped | None:
        async with self._locks[guild_id]:
            if guild_id in self._live:
                return await self._stop(guild_id)
            await self._voice.leave(guild_id)
            return None

    async def start(self, wish: Start) -> Meeting:
        async with self._locks[wish.guild_id]:
            await self._join(wish.guild_id, wish.voice_channel_id)
            try:
                live = await self._begin(wish)
            except (OSError, StoreError) as error:
                log.critical("A meeting could not be started: %s", error)
                await self._voice.leave(wish.guild_id)
                raise Refused(answers.CANNOT_WRITE) from error
            self._live[wish.guild_id] = live
            self._voice.record(wish.guild_id, live)
            log.info("Meeting %s has started", live.meeting.id)
            return live.meeting

    async def stop(self, guild_id: int) -> Stopped | None:
        async with self._locks[guild_id]:
            return await self._stop(guild_id) if guild_id in self._live else None

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
            live.tick(now)
            self._look_up_names(live)
            with _tried_again(live.meeting):
                if sync:
                    await self._background(live.recorder.sync)
                await self._save(live, partial(self._counts, guild_id, live) if coverage else lambda: None)
        for ending in list(self._ending):
            await self._finish(ending)

    def removed(self, guild_id: int, reason: str) -> None:
        """The bot was taken out of its voice channel for good."""
        if guild_id in self._live:
            self._tasks.create_task(self._stop_and_say(guild_id, reason))

    async def close(self) -> None:
        """Stops every meeting, as /stopnotes does, and says so where it was started. No other one begins."""
        self._closing = True
        for joining in self._joining.values():
            joining.reschedule(0.0)  # rounds of attempts may take minutes
        for guild_id in list(self._locks):  # whoever is about to start a meeting holds the lock
            await self._stop_and_say(guild_id, answers.SHUTDOWN)

    # One guild, its lock held

    async def _join(self, guild_id: int, channel_id: int) -> None:
        meeting = self.meeting(guild_id)
        if meeting is not None:
            raise Refused(answers.already_running(meeting))
        if self._closing:
            raise Refused(answers.SHUTDOWN)
        try:
            async with asyncio.timeout(None) as self._joining[guild_id]:
                await self._voice.join(guild_id, channel_id)
        except TimeoutError:
            raise Refused(answers.SHUTDOWN) from None
        except JoinFailed as failed:
            raise Refused(answers.join_failed(channel_id, str(failed))) from failed
        finally:
            del self._joining[guild_id]

    async def _begin(self, wish: Start) -> LiveMeeting:
        started_ns = time.time_ns()
        meeting = Meeting(
            id=new_meeting_id(started_ns),
            guild_id=wish.guild_id,
            voice_channel_id=wish.voice_channel_id,
            voice_channel_name=wish.voice_channel_name,
            text_channel_id=wish.text_channel_id,
            started_by=wish.started_by,
            started_ns=started_ns,
        )
        recorder = Recorder(self._folder / meeting.id, meeting.id)
        await self._background(self._store.add_meeting, meeting)
        return LiveMeeting(meeting, recorder)

    async def _stop(self, guild_id: int) -> Stopped:
        live = self._live[guild_id]
        live.stop()
        await self._voice.leave(guild_id)
        coverage = live.true_coverage(self._voice.coverage(guild_id))
        self._voice.record(guild_id, None)
        live.end(time.monotonic())
        del self._live[guild_id]
        meeting = replace(live.meeting, ended_ns=time.time_ns(), state=MeetingState.FINISHING)
        ending = _Ending(live, meeting, coverage)
        self._ending.append(ending)
        log.info("Meeting %s has ended", meeting.id)
        await self._finish(ending)
        return Stopped(meeting, speakers=len(live.heard))

    async def _stop_and_say(self, guild_id: int, why: str) -> None:
        """Ends a meeting that nobody asked to end."""
        stopped = await self.stop(guild_id)
        if stopped is not None:
            await self._front.say(
                stopped.meeting.text_channel_id, answers.ended_unasked(stopped.meeting, why)
            )

    # Into the store

    def _look_up_names(self, live: LiveMeeting) -> None:
        """In tasks of their own, because Discord may have to be asked."""
        while live.unnamed:
            task = self._tasks.create_task(self._name(live, live.unnamed.pop()))
            live.naming.add(task)
            task.add_done_callback(live.naming.discard)

    async def _name(self, live: LiveMeeting, user_id: int) -> None:
        name = await self._front.display_name(live.meeting.guild_id, user_id)
        try:
            await self._background(self._store.name_speaker, live.meeting.id, user_id, name)
        except StoreError as error:
            log.warning("Meeting %s: a name cannot be stored: %s. It is tried again.", live.meeting.id, error)
            live.unnamed.append(user_id)

    def _counts(self, guild_id: int, live: LiveMeeting) -> list[Coverage] | None:
        """None when the meeting has been stopped meanwhile: its last word on the counts is with its end."""
        if self._live.get(guild_id) is not live:
            return None
        return live.true_coverage(self._voice.coverage(guild_id))

    async def _save(self, live: LiveMeeting, counts: Callable[[], list[Coverage] | None]) -> None:
        """What has been stored leaves the lists; storing something twice would change nothing.

        ``counts`` is asked when it is this call's turn, so that older counts never replace newer ones.
        """
        async with self._saving:
            coverage = counts()
            utterances, gaps = list(live.utterances), list(live.gaps)
            await self._background(self._write, live.meeting.id, utterances, gaps, coverage)
            del live.utterances[: len(utterances)], live.gaps[: len(gaps)]

    def _write(
        self, meeting_id: str, utterances: list[Utterance], gaps: list[Gap], coverage: list[Coverage] | None
    ) -> None:
        for utterance in utterances:
            self._store.add_utterance(utterance)
            self._queue.transcribe(utterance.id)
        for gap in gaps:
            self._store.add_gap(meeting_id, gap)
        if coverage is not None:
            self._store.set_coverage(meeting_id, coverage)

    async def _finish(self, ending: _Ending) -> None:
        """Hands the meeting over to the workers; left for the next tick when that fails."""
        self._look_up_names(ending.live)
        await asyncio.gather(*ending.live.naming)
        with _tried_again(ending.meeting):
            await self._background(ending.live.recorder.sync)
            await self._save(ending.live, lambda: ending.coverage)
            await self._background(self._hand_over, ending.meeting)
            if ending in self._ending:  # a tick and a command may both have been at it
                self._ending.remove(ending)

    def _hand_over(self, meeting: Meeting) -> None:
        assert meeting.ended_ns is not None
        self._store.end_meeting(meeting.id, meeting.ended_ns)
        self._queue.finish(meeting.id)


@contextmanager
def _tried_again(meeting: Meeting) -> Iterator[None]:
    """Whatever store, queue or disk raise: sound keeps coming in and is in the journal, so the recording must not
    end over it. It is logged, and the next tick tries again.
    """
    try:
        yield
    except (OSError, StoreError) as error:
        log.critical("Meeting %s cannot be stored: %s. It is tried again.", meeting.id, error)
    except Exception:
        log.exception("Meeting %s cannot be stored. It is tried again.", meeting.id)
