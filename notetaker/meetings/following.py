"""Follows meetings from their start until their notes are written, for messages that show how they are doing."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol

from notetaker.discordbot.publish import Undeliverable, Undelivered
from notetaker.host.worker_thread import WorkerThread
from notetaker.model.meeting import Meeting
from notetaker.store.database import Rejected, StoreError

log = logging.getLogger(__name__)

EXPECTED = (Undelivered, StoreError, Rejected)
"""Failures whose text says why, and nothing of what was said."""
LOOK_S = 0.5
"""Seconds between looks at a meeting."""
LATER_LOOK_S = 2.0
"""... once nobody speaks any more."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 300.0
"""Pauses after Discord or the database has failed, which double each time."""


class Display(Protocol):
    """What is shown of one meeting."""

    @property
    def name(self) -> str:
        """What a log calls it: ``live text``."""

    @property
    def closed(self) -> bool:
        """Whether there is nothing more to show."""

    @property
    def ended(self) -> bool:
        """Whether the meeting is not recorded any more."""

    async def step(self, now: float) -> None:
        """Show what is new, ``now`` in monotonic seconds, with one message at most.

        Raises Undelivered, Undeliverable, StoreError and Rejected.
        """

    async def give_up(self) -> None:
        """Show nothing more. Raises StoreError and Rejected."""


class Following:
    def __init__(
        self,
        database: WorkerThread,
        running: Callable[[], Iterable[Meeting]],
        unfinished: Callable[[], Iterable[Meeting]],
        displays: Callable[[Meeting], Sequence[Display]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``unfinished`` reads from the store which meetings of earlier lives of the bot are to be followed."""
        self._database = database
        self._running = running
        self._unfinished = unfinished
        self._displays = displays
        self._clock = clock
        self._followed: set[str] = set()

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            earlier = None
            while True:
                if earlier is None and (earlier := await self._earlier()) is not None:
                    self._follow(earlier, tasks)
                self._follow(self._running(), tasks)
                await asyncio.sleep(LOOK_S)

    async def _earlier(self) -> list[Meeting] | None:
        try:
            return [*await self._database(self._unfinished)]
        except (StoreError, Rejected):
            return None  # the posting of notes fails as well, and says so

    def _follow(self, meetings: Iterable[Meeting], tasks: asyncio.TaskGroup) -> None:
        for meeting in meetings:
            if meeting.id not in self._followed:
                self._followed.add(meeting.id)
                for display in self._displays(meeting):
                    tasks.create_task(self._show(display, meeting.id))

    async def _show(self, display: Display, meeting_id: str) -> None:
        pause = FIRST_PAUSE_S
        while not display.closed:
            try:
                await display.step(self._clock())
            except Undeliverable as gone:
                log.warning("The %s of meeting %s ends: %s", display.name, meeting_id, gone)
                with suppress(StoreError, Rejected):  # after a restart it is found to be gone again
                    await display.give_up()
                return
            except Exception as failed:  # noqa: BLE001 - logged; nothing that is shown may end the process
                log.warning(
                    "Cannot show the %s of meeting %s, will retry in %.0f s: %s",
                    display.name,
                    meeting_id,
                    pause,
                    failed if isinstance(failed, EXPECTED) else type(failed).__name__,
                )
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)
                continue
            pause = FIRST_PAUSE_S
            await asyncio.sleep(LATER_LOOK_S if display.ended else LOOK_S)
