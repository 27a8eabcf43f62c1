"""The start of the bot: meetings that a crash or a restart interrupted go on, or end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from notetaker.discordbot import answers
from notetaker.service import causes
from notetaker.service.recordings import Front, Recordings
from notetaker.service.recovery import Recovery
from notetaker.store.database import StoreError

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

    async def run(self, connected: Callable[[], Awaitable[object]]) -> None:
        """``connected`` returns when the bot is connected to Discord."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._catch_up(connected))
            await connected()
            for live, _ in self._resumed:
                tasks.create_task(self._recordings.rejoin(live))

    async def _catch_up(self, connected: Callable[[], Awaitable[object]]) -> None:
        """What the journal has reaches the store, and the workers what does not go on."""
        for live, interrupted in self._resumed:
            live.earlier = await _until_done(self._recovery.read_back, interrupted)
        ended = await _until_done(self._recovery.finish)
        await connected()
        for one in ended:
            why = answers.CRASH if one.absence.cause == causes.CRASHED else answers.STOPPED
            await self._front.say(one.meeting.text_channel_id, answers.ended_unasked(one.meeting, why))


async def _until_done(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """In a thread of its own: hours of sound must not keep others from the disk."""
    while True:
        try:
            return await asyncio.to_thread(call, *args, **kwargs)
        except (OSError, StoreError) as error:
            log.critical("Meetings of before the restart cannot be taken up: %s. It is tried again.", error)
        await asyncio.sleep(PAUSE)
