"""Notes that the workers have written, posted by the bot: each exactly once, however long Discord is away."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from notetaker.discordbot.publish import Undelivered
from notetaker.host.worker_thread import WorkerThread
from notetaker.model import events
from notetaker.model.notes import Posting
from notetaker.store.database import Rejected, StoreError
from notetaker.store.store import Store

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0  # seconds between attempts for one posting; they double


class Post(Protocol):
    async def post(self, posting: Posting, *, look_since: datetime | None) -> int:
        """See ``discordbot.publish.Publisher.post``."""


class Postings:
    def __init__(
        self,
        store: Store,
        background: WorkerThread,
        publisher: Post,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._background = background
        self._publisher = publisher
        self._clock = clock
        self._pauses: dict[str, tuple[float, float]] = {}  # meeting id -> next attempt, pause after it

    async def run(self) -> None:
        """Posts until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.tick()

    async def tick(self) -> None:
        """One attempt for every posting that is due."""
        try:
            for posting in await self._background(self._store.due_postings):
                due, _ = self._pauses.get(posting.meeting_id, (0.0, 0.0))
                if self._clock() >= due:
                    await self._attempt(posting)
        except (StoreError, Rejected) as error:
            log.warning(
                "Notes cannot be looked for or marked as posted: %s. It is tried again.",
                error,
                exc_info=isinstance(error, Rejected),
            )
            await asyncio.sleep(FIRST_PAUSE)

    async def _attempt(self, posting: Posting) -> None:
        """The attempt is stored before it is made, so whoever comes after a crash knows to look first."""
        meeting_id = posting.meeting_id
        try:
            first = await self._background(self._store.begin_posting, meeting_id)
            look_since = None if first else await self._ended(meeting_id)
            message_id = await self._publisher.post(posting, look_since=look_since)
            await self._background(self._store.posted, meeting_id, message_id)
        except (Undelivered, Rejected) as failed:
            _, pause = self._pauses.get(meeting_id, (0.0, FIRST_PAUSE))
            self._pauses[meeting_id] = (self._clock() + pause, min(2 * pause, LONGEST_PAUSE))
            log.warning(
                "The notes of meeting %s are not posted: %s; again in %.0f s",
                meeting_id,
                failed,
                pause,
                exc_info=isinstance(failed, Rejected),
                extra=events.NOTES_NOT_POSTED(meeting_id=meeting_id),
            )
            return
        self._pauses.pop(meeting_id, None)
        log.info(
            "The notes of meeting %s are posted", meeting_id, extra=events.NOTES_POSTED(meeting_id=meeting_id)
        )

    async def _ended(self, meeting_id: str) -> datetime:
        """No message with its notes can be older than the meeting."""
        meeting = await self._background(self._store.meeting, meeting_id)
        assert meeting is not None, "a posting belongs to a meeting"
        return datetime.fromtimestamp(meeting.started_ns // 1_000_000_000, UTC)
