"""Posting the notes that the workers have written: each exactly once, however long Discord is away.

Where Discord refuses them for good, the next place is tried (``places``). What passes is waited out.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from notetaker.discordbot import replies
from notetaker.discordbot.publish import Undeliverable, Undelivered
from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings.places import Place, places
from notetaker.meetings.ports import Publisher
from notetaker.model import events
from notetaker.model.meeting import Meeting
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
        self.undelivered = 0
        """Number of meetings whose notes no place has taken in this life of the bot."""
        self._pauses: dict[str, tuple[float, float]] = {}  # meeting id -> next attempt, pause after it

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.tick()
            except Exception:  # a recording must not end because of notes
                log.exception("Posting notes failed, will retry", extra=events.BUG())
                await asyncio.sleep(self._first_pause_s)

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
        """Try the first place that has not refused the notes."""
        meeting_id = posting.meeting_id
        try:
            meeting = await self._database(self._store.meeting, meeting_id)
            assert meeting is not None, "a posting belongs to a meeting"
            refused = await self._database(self._store.refusals, meeting_id)
            place = next((place for place in places(meeting) if place.id not in refused), None)
            if place is None:
                await self._give_up(meeting)
            else:
                await self._post(posting, meeting, place, moved=bool(refused))
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

    async def _post(self, posting: Posting, meeting: Meeting, place: Place, *, moved: bool) -> None:
        """Post the notes in a place, or store that it refuses them. Raises Undelivered and Rejected.

        The attempt is stored before it is made, so that after a crash the next one looks for it first. ``moved``:
        another place has refused them.
        """
        first = await self._database(self._store.begin_posting, meeting.id)
        look_since = None if first else self._look_since(meeting)
        try:
            channel_id = await self._publisher.direct(place.id) if place.direct else place.id
            here = replace(posting, channel_id=channel_id)
            message_id = await self._publisher.post(here, look_since=look_since)
        except Undeliverable as failed:
            self._pauses.pop(meeting.id, None)
            await self._database(self._store.refuse, meeting.id, place.id, str(failed))
            log.warning(
                "Cannot post the notes of meeting %s in %s, will try the next place: %s",
                meeting.id,
                f"messages to user {place.id}" if place.direct else f"channel {place.id}",
                failed,
                extra=events.NOTES_NOT_POSTED(meeting_id=meeting.id),
            )
            return
        await self._database(self._store.posted, meeting.id, message_id, channel_id)
        self._pauses.pop(meeting.id, None)
        log.info("Notes of meeting %s posted", meeting.id, extra=events.NOTES_POSTED(meeting_id=meeting.id))
        if moved:
            await self._explain(meeting, channel_id)

    async def _explain(self, meeting: Meeting, channel_id: int) -> None:
        """Say why the notes are not where people expect them. They are readable without that."""
        try:
            await self._publisher.say(channel_id, replies.notes_elsewhere(meeting.text_channel_id))
        except Undelivered as failed:
            log.warning("Cannot say why the notes of meeting %s are elsewhere: %s", meeting.id, failed)

    async def _give_up(self, meeting: Meeting) -> None:
        await self._database(self._store.give_up_posting, meeting.id)
        self.undelivered += 1
        log.critical(
            "Nobody gets the notes of meeting %s, because Discord takes them nowhere; they stay in the database",
            meeting.id,
            extra=events.NOTES_UNDELIVERED(meeting_id=meeting.id),
        )

    def _look_since(self, meeting: Meeting) -> datetime:
        """No message with its notes can be older than the meeting, which itself began under a fast clock if it is yet
        to come.
        """
        started_ns = min(meeting.started_ns, self._wall_ns())
        return datetime.fromtimestamp(started_ns // 1_000_000_000, UTC) - FAST_CLOCK
