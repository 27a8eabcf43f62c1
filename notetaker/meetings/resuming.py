"""The start of the bot: meetings that a crash or a restart interrupted are resumed, or finished."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from notetaker.discordbot import replies
from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings import causes
from notetaker.meetings.ports import Discord
from notetaker.meetings.recordings import Recordings
from notetaker.meetings.recovery import Interrupted, Recovery
from notetaker.meetings.saving import Saving
from notetaker.model import events
from notetaker.model.meeting import Meeting
from notetaker.store.database import Rejected, StoreError

log = logging.getLogger(__name__)

PAUSE_S = 30.0
"""Pause between attempts to read a journal back."""

P = ParamSpec("P")
T = TypeVar("T")


class Resuming:
    """Create it before the first command can come: from then on, the resumed meetings are being recorded."""

    def __init__(
        self, recovery: Recovery, recordings: Recordings, discord: Discord, *, pause_s: float = PAUSE_S
    ) -> None:
        self._recovery = recovery
        self._recordings = recordings
        self._discord = discord
        self._pause_s = pause_s
        self._resumed = [(recordings.resume(one), one) for one in recovery.resumed.values()]
        # A thread of its own: hours of sound must not delay disk and database.
        self._reading = WorkerThread("recovery", OSError)

    async def run(self, connected: Callable[[], Awaitable[object]]) -> None:
        """``connected`` returns once the bot is connected to Discord. A meeting that cannot be read back delays no
        other.
        """
        async with asyncio.TaskGroup() as tasks:
            for saving, interrupted in self._resumed:
                tasks.create_task(self._read_back(saving, interrupted))
            for meeting in self._recovery.finishing:
                tasks.create_task(self._until_done(meeting, self._recovery.finish_again, meeting))
            for interrupted in self._recovery.not_resumed:
                tasks.create_task(self._finish(interrupted, connected))
            await connected()
            for saving, _ in self._resumed:
                tasks.create_task(self._recordings.rejoin(saving.live))
        self._reading.close()

    async def _read_back(self, saving: Saving, interrupted: Interrupted) -> None:
        coverage = await self._until_done(interrupted.meeting, self._recovery.read_back, interrupted)
        saving.add_earlier(coverage)

    async def _finish(self, interrupted: Interrupted, connected: Callable[[], Awaitable[object]]) -> None:
        """Tell people about it, unless they had stopped the meeting themselves."""
        meeting = interrupted.meeting
        await self._until_done(meeting, self._recovery.finish, interrupted)
        if interrupted.stopped:
            return
        await connected()
        reason = replies.CRASH if interrupted.gap.cause == causes.CRASHED else replies.STOPPED
        await self._discord.unmark(meeting.guild_id, interrupted.place.channel_id)
        await self._discord.tell(meeting, replies.stopped_unasked(meeting, reason))

    async def _until_done(
        self, meeting: Meeting, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Retry for ever. Each failure is logged once, a bug of ours with its traceback."""
        reported: set[str] = set()
        while True:
            try:
                return await self._reading(call, *args, **kwargs)
            except (OSError, StoreError, Rejected) as error:
                if str(error) not in reported:
                    reported.add(str(error))
                    log.critical(
                        "Cannot recover meeting %s, will retry: %s",
                        meeting.id,
                        error,
                        exc_info=isinstance(error, Rejected),
                        extra=events.MEETING_NOT_STORED.of(meeting),
                    )
            await asyncio.sleep(self._pause_s)
