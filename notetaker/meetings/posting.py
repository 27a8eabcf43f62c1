"""Posting the notes that the workers have written: each exactly once, however long Discord is away."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from notetaker.discordbot.publish import Undelivered
from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings.ports import Publisher
from notetaker.model import events
from notetaker.model.notes import Posting
from notetaker.store.database import Rejected, StoreError
from notetaker.store.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.5
FAST_CLOCK = timedelta(days=1)
"""By so much our wall clock may have been ahead of Discord's when a meeting started, as when it takes local time for
UTC until NTP corrects it.
"""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 600.0
"""Pauses between attempts to post the same notes, which double each time."""


class Postings:
    def __init__(
        self,
        store: Store,
        database: WorkerThread,
        publisher: Publisher,
        clock: Callable[[], float] = time.monotonic,
        first_pause_s: float = FIRST_PAUSE_S,
        wall_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._store = store
        self._database = database
        self._publisher = publisher
        self._clock = clock
        self._first_pause_s = first_pause_s
        self._wall_ns = wall_ns
        self._pauses: dict[str, tuple[float, float]] = {}  # meeting id -> next attempt, pause after it

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.tick()

    async def tick(self) -> None:
        """Try every posting that is due once."""
        try:
            for posting in await self._database(self._store.due_postings):
                due, _ = self._pauses.get(posting.meeting_id, (0.0, 0.0))
                if self._clock() >= due:
                    await self._attempt(posting)
        except (StoreError, Rejected) as error:
            log.warning(
                "Cannot look for notes or mark them as posted, will retry: %s",
                error,
                exc_info=isinstance(error, Rejected),
            )
            await asyncio.sleep(self._first_pause_s)

    async def _attempt(self, posting: Posting) -> None:
        """The attempt is stored before it is made, so that after a crash the next one looks for it first."""
        meeting_id = posting.meeting_id
        try:
            first = await self._database(self._store.begin_posting, meeting_id)
            look_since = None if first else await self._look_since(meeting_id)
            message_id = await self._publisher.post(posting, look_since=look_since)
            await self._database(self._store.posted, meeting_id, message_id)
        except (Undelivered, Rejected) as failed:
            _, pause = self._pauses.get(meeting_id, (0.0, self._first_pause_s))
            self._pauses[meeting_id] = (self._clock() + pause, min(2 * pause, LONGEST_PAUSE_S))
            log.warning(
                "Cannot post the notes of meeting %s, will retry in %.0f s: %s",
                meeting_id,
                pause,
                failed,
                exc_info=isinstance(failed, Rejected),
                extra=events.NOTES_NOT_POSTED(meeting_id=meeting_id),
            )
            return
        self._pauses.pop(meeting_id, None)
        log.info("Notes of meeting %s posted", meeting_id, extra=events.NOTES_POSTED(meeting_id=meeting_id))

    async def _look_since(self, meeting_id: str) -> datetime:
        """No message with its notes can be older than the meeting, which itself began under a fast clock if it is yet
        to come.
        """
        meeting = await self._database(self._store.meeting, meeting_id)
        assert meeting is not None, "a posting belongs to a meeting"
        started_ns = min(meeting.started_ns, self._wall_ns())
        return datetime.fromtimestamp(started_ns // 1_000_000_000, UTC) - FAST_CLOCK
