"""The start of the bot: meetings that a crash or a restart interrupted go on, or end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from notetaker.discordbot import replies
from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings import causes
from notetaker.meetings.live import LiveMeeting
from notetaker.meetings.recordings import Front, Recordings
from notetaker.meetings.recovery import Interrupted, Recovery
from notetaker.model import events
from notetaker.model.meeting import Meeting
from notetaker.store.database import Rejected, StoreError

log = logging.getLogger(__name__)

PAUSE = 30.0  # seconds between attempts to read the journal back

P = ParamSpec("P")
T = TypeVar("T")


class Resuming:
    """Make it before the first command can come: from then on, the meetings that go on are being recorded."""

    def __init__(self, recovery: Recovery, recordings: Recordings, front: Front) -> None:
        self._recovery = recovery
        self._recordings = recordings
        self._front = front
        self._resumed = [(recordings.take_up(one), one) for one in recovery.resumed.values()]
        # A thread of its own: hours of sound must not keep others from disk and database.
        self._reading = WorkerThread("recovery", OSError)

    async def run(self, connected: Callable[[], Awaitable[object]]) -> None:
        """``connected`` returns when the bot is connected to Discord. A meeting that cannot be read back keeps no
        other from it.
        """
        async with asyncio.TaskGroup() as tasks:
            for live, interrupted in self._resumed:
                tasks.create_task(self._read_back(live, interrupted))
            for meeting in self._recovery.finishing:
                tasks.create_task(self._until_done(meeting, self._recovery.hand_over, meeting))
            for interrupted in self._recovery.over:
                tasks.create_task(self._end(interrupted, connected))
            await connected()
            for live, _ in self._resumed:
                tasks.create_task(self._recordings.rejoin(live))
        self._reading.close()

    async def _read_back(self, live: LiveMeeting, interrupted: Interrupted) -> None:
        live.earlier = await self._until_done(interrupted.meeting, self._recovery.read_back, interrupted)

    async def _end(self, interrupted: Interrupted, connected: Callable[[], Awaitable[object]]) -> None:
        """With a word to the people, unless it was them who had ended it."""
        meeting = interrupted.meeting
        await self._until_done(meeting, self._recovery.end, interrupted)
        if interrupted.over:
            return
        await connected()
        why = replies.CRASH if interrupted.absence.cause == causes.CRASHED else replies.STOPPED
        await self._front.say(meeting.text_channel_id, replies.stopped_unasked(meeting, why))

    async def _until_done(
        self, meeting: Meeting, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Tells each cause once, a bug of ours with its traceback."""
        told: set[str] = set()
        while True:
            try:
                return await self._reading(call, *args, **kwargs)
            except (OSError, StoreError, Rejected) as error:
                if str(error) not in told:
                    told.add(str(error))
                    log.critical(
                        "Meeting %s of before the restart cannot be taken up: %s. It is tried again.",
                        meeting.id,
                        error,
                        exc_info=isinstance(error, Rejected),
                        extra=events.MEETING_NOT_STORED.of(meeting),
                    )
            await asyncio.sleep(PAUSE)
