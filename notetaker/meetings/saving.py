"""What one meeting collects, into journal, store and job queue.

What they do not take is kept and tried again by the next call. Sound keeps coming in and is in the journal, so no
failure here may end the recording.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from notetaker.meetings.live import LiveMeeting
from notetaker.meetings.ports import Discord
from notetaker.meetings.storage import NO_ANSWER, Storage
from notetaker.model import events
from notetaker.model.meeting import Meeting, Place
from notetaker.model.outcome import Coverage, total
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Utterance
from notetaker.store.database import Rejected, StoreError

log = logging.getLogger(__name__)

PATIENCE_S = 10.0
"""How long to wait for a database that does not answer when a meeting starts."""


class Saving:
    """One meeting's way to disk and database. ``sync`` waits for the disk only, ``store`` for the database only."""

    def __init__(
        self,
        live: LiveMeeting,
        storage: Storage,
        discord: Discord,
        tasks: asyncio.TaskGroup,
        coverage: Callable[[], list[Coverage]],
        earlier: list[Coverage] | None,
    ) -> None:
        """``coverage`` returns what the voice stack has counted so far in this life of the bot; ``earlier`` are the
        counts of earlier lives, None while they are being read back from the journal.
        """
        self.live = live
        self._storage = storage
        self._discord = discord
        self._tasks = tasks
        self._coverage = coverage
        self._earlier = earlier
        self._sync_failure: OSError | None = None
        self._reported: set[str] = set()  # failures since all was stored last
        self._named: set[int] = set()  # users whose name is stored or being looked up
        self._naming: set[asyncio.Task[None]] = set()
        self._saving = asyncio.Lock()

    @property
    def disk_failure(self) -> OSError | None:
        """Why the disk does not take the recording; None if it does."""
        return self.live.disk_failure or self._sync_failure

    def add_earlier(self, coverage: list[Coverage]) -> None:
        """The counts of earlier lives of the bot have been read back."""
        self._earlier = coverage
        self.live.add_speakers(one.user_id for one in coverage if one.stored)

    def freeze_coverage(self) -> None:
        """Keep the counts as they are now: nothing more is heard in this life of the bot."""
        coverage = self._coverage()
        self._coverage = lambda: coverage

    async def add(self) -> None:
        """Store that the meeting starts. Raises OSError and StoreError; then it has been stopped."""
        live = self.live
        await self._sync()  # first: without it, a crash would end the meeting
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._storage.database(self._storage.store.add_meeting, live.meeting)
        except (TimeoutError, StoreError, Rejected) as error:
            live.stop(time.monotonic())
            await self._sync()  # for the next start of the bot: the database may take the meeting yet
            raise StoreError(str(error) or NO_ANSWER) from error

    async def sync(self) -> None:
        """Make what has come so far safe from power loss, regardless of the database."""
        with self._retried():
            await self._sync()

    async def store(self, *, coverage: bool = True) -> None:
        """Store what has come so far; without ``coverage``, all but the counts."""
        self._look_up_names()
        with self._retried():
            counted = await self._store(coverage)
            if counted and self._sync_failure is None:
                self._report_success()

    async def finish(self) -> bool:
        """Hand a meeting that has been stopped to the workers. Returns whether they have it."""
        done = False
        self._look_up_names()
        with self._retried():
            await self._sync()
            await asyncio.gather(*self._naming)
            if self._earlier is not None:  # else the notes would lack what is still being read back
                await self._store(coverage=True)
                await self._storage.database(self._finish, self.live.meeting)
                self._report_success()
                done = True
        return done

    # Disk

    async def _sync(self) -> None:
        try:
            await self._storage.disk(self.live.sync, self.live.state)
        except OSError as error:
            self._sync_failure = error
            raise
        self._sync_failure = None

    # Database

    async def _store(self, coverage: bool) -> bool:
        """Return whether that was all, with the counts. Only what has been stored leaves the waiting list; storing
        something twice would change nothing.
        """
        async with self._saving:
            waiting, counts = list(self.live.waiting), None
            if coverage and self._earlier is not None:
                no_opus = (Coverage(user_id, no_opus=n) for user_id, n in self.live.no_opus.items())
                counts = total([*self._earlier, *self._coverage(), *no_opus])
            await self._storage.database(self._write, waiting, counts)
            self.live.drop_waiting(len(waiting))
            return counts is not None

    def _write(self, waiting: Sequence[Utterance | Gap | Place], counts: list[Coverage] | None) -> None:
        store, meeting_id = self._storage.store, self.live.meeting.id
        for one in waiting:
            match one:
                case Utterance():
                    store.add_utterance(one)
                    self._storage.queue.transcribe(one.id)
                case Gap():
                    store.add_gap(meeting_id, one)
                case Place():
                    store.set_place(meeting_id, one)
        if counts is not None:
            store.set_coverage(meeting_id, counts)

    def _finish(self, meeting: Meeting) -> None:
        assert meeting.ended_ns is not None
        self._storage.store.end_meeting(meeting.id, meeting.ended_ns, meeting.stopped_in)
        self._storage.queue.finish(meeting.id)

    # Names

    def _look_up_names(self) -> None:
        """In tasks of their own, because Discord may have to be asked."""
        for user_id in self.live.joined - self._named:
            self._named.add(user_id)
            task = self._tasks.create_task(self._name(user_id))
            self._naming.add(task)
            task.add_done_callback(self._naming.discard)

    async def _name(self, user_id: int) -> None:
        meeting = self.live.meeting
        person = await self._discord.person(meeting.guild_id, user_id)
        try:
            await self._storage.database(self._storage.store.name_speaker, meeting.id, user_id, *person)
        except (StoreError, Rejected) as error:
            self._report(error)
            self._named.discard(user_id)

    # Failures

    @contextmanager
    def _retried(self) -> Iterator[None]:
        """Log any exception of store, queue or disk; the next call tries again."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - logged, with its traceback
            self._report(error)

    def _report(self, error: Exception) -> None:
        """Each failure once; with its traceback, unless it was to be expected."""
        failure = str(error) or repr(error)
        if failure not in self._reported:
            self._reported.add(failure)
            log.critical(
                "Cannot store meeting %s, will retry: %s",
                self.live.meeting.id,
                failure,
                exc_info=None if isinstance(error, OSError | StoreError) else error,
                extra=events.MEETING_NOT_STORED.of(self.live.meeting),
            )

    def _report_success(self) -> None:
        """All that has come is stored, and safe from power loss."""
        if self._reported:
            self._reported.clear()
            log.warning("Meeting %s is stored again", self.live.meeting.id)
