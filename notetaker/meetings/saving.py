"""What a meeting collects, into journal, store and job queue. Whatever they refuse is kept and tried again."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from notetaker.host.worker_thread import SILENCE_S, WorkerThread
from notetaker.jobs.queue import JobQueue
from notetaker.meetings.live import LiveMeeting
from notetaker.model import events
from notetaker.model.meeting import Meeting
from notetaker.model.outcome import Coverage, total
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Utterance
from notetaker.store.database import Rejected, StoreError
from notetaker.store.store import Store

log = logging.getLogger(__name__)

NO_ANSWER = "the database does not answer"
PATIENCE_S = 10.0
"""For so long whoever starts a meeting waits for a database that does not answer."""


class Names(Protocol):
    async def display_name(self, guild_id: int, user_id: int) -> str: ...


@dataclass(slots=True)
class Ending:
    """A meeting whose recording is over and whose end is not in the store yet."""

    live: LiveMeeting
    meeting: Meeting
    coverage: list[Coverage]


class Safekeeping:
    def __init__(
        self,
        store: Store,
        queue: JobQueue,
        disk: WorkerThread,
        database: WorkerThread,
        tasks: asyncio.TaskGroup,
        names: Names,
    ) -> None:
        self._store = store
        self._queue = queue
        self.disk = disk
        self.database = database
        self._tasks = tasks
        self._names = names
        self._saving = asyncio.Lock()
        self._ending: list[Ending] = []
        self._told_silent = False

    def trouble(self, now: float) -> str | None:
        """Why nothing can be stored, ``now`` in monotonic seconds; None: nothing is known against it."""
        return NO_ANSWER if self.database.waiting_s(now) > SILENCE_S else None

    def tell(self, now: float) -> None:
        """Of a database that has fallen silent, and of the end of that."""
        silent = self.trouble(now) is not None
        if silent and not self._told_silent:
            log.critical(
                "Nothing is stored: %s. What is said is safe in the journals.",
                NO_ANSWER,
                extra=events.UNAVAILABLE(),
            )
        elif self._told_silent and not silent:
            log.warning("The database answers again")
        self._told_silent = silent

    async def add(self, live: LiveMeeting) -> None:
        """A meeting begins. Raises OSError and StoreError; then it is over."""
        await self.disk(live.sync, live.state)  # first: without it, a crash would end the meeting
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self.database(self._store.add_meeting, live.meeting)
        except (TimeoutError, StoreError, Rejected) as error:
            live.end(time.monotonic())
            await self.disk(live.sync, live.state)  # for the next start: the database may take it yet
            raise StoreError(str(error) or NO_ANSWER) from error

    async def sync(self, live: LiveMeeting) -> None:
        """What has come so far is safe from power loss, whatever the database does."""
        with _tried_again(live):
            await self.disk(live.sync, live.state)

    async def store(self, live: LiveMeeting, counts: Callable[[], list[Coverage] | None]) -> None:
        """What has come so far is stored.

        ``counts``, of this life of the bot, is asked when it is this call's turn, so that older ones never replace
        newer ones; None leaves what is stored.
        """
        self._look_up_names(live)
        with _tried_again(live):
            if await self._save(live, counts) and live.unsafe is None:
                _tell_stored(live)

    async def end(self, ending: Ending) -> None:
        """Its end is safe from power loss; ``hand_over`` does the rest, so that nobody waits for the database."""
        self._ending.append(ending)
        await self.sync(ending.live)

    async def hand_over(self) -> None:
        """Gives the workers every meeting that has ended. What fails is tried again by the next call."""
        for ending in list(self._ending):
            await self._finish(ending)

    async def _finish(self, ending: Ending) -> None:
        live = ending.live
        self._look_up_names(live)
        with _tried_again(live):
            await self.disk(live.sync, live.state)
            await asyncio.gather(*live.naming)
            if live.earlier is None:
                return  # the notes would lack what is still being read back from the journal
            await self._save(live, lambda: ending.coverage)
            await self.database(self._hand_over, ending.meeting)
            if ending in self._ending:  # the loop and the end of the process may both have been at it
                self._ending.remove(ending)
            _tell_stored(live)

    def _look_up_names(self, live: LiveMeeting) -> None:
        """In tasks of their own, because Discord may have to be asked."""
        while live.unnamed:
            task = self._tasks.create_task(self._name(live, live.unnamed.pop()))
            live.naming.add(task)
            task.add_done_callback(live.naming.discard)

    async def _name(self, live: LiveMeeting, user_id: int) -> None:
        name = await self._names.display_name(live.meeting.guild_id, user_id)
        try:
            await self.database(self._store.name_speaker, live.meeting.id, user_id, name)
        except (StoreError, Rejected) as error:
            _tell_not_stored(live, error)
            live.unnamed.append(user_id)

    async def _save(self, live: LiveMeeting, counts: Callable[[], list[Coverage] | None]) -> bool:
        """Whether that was all, with the counts. What has been stored leaves the lists; storing something twice would
        change nothing.
        """
        async with self._saving:
            coverage = counts()
            if coverage is not None and live.earlier is not None:
                coverage = total([*live.earlier, *coverage])
            else:
                coverage = None
            utterances, gaps = list(live.utterances), list(live.gaps)
            await self.database(self._write, live.meeting.id, utterances, gaps, coverage)
            del live.utterances[: len(utterances)], live.gaps[: len(gaps)]
            return coverage is not None

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

    def _hand_over(self, meeting: Meeting) -> None:
        assert meeting.ended_ns is not None
        self._store.end_meeting(meeting.id, meeting.ended_ns)
        self._queue.finish(meeting.id)


@contextmanager
def _tried_again(live: LiveMeeting) -> Iterator[None]:
    """Whatever store, queue or disk raise: sound keeps coming in and is in the journal, so the recording must not
    end over it. It is logged, and the next tick tries again.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - told, with its traceback
        _tell_not_stored(live, error)


def _tell_not_stored(live: LiveMeeting, error: Exception) -> None:
    """Each cause once. With its traceback, unless it was to be expected."""
    cause = str(error) or repr(error)
    if cause not in live.not_stored:
        live.not_stored.add(cause)
        log.critical(
            "Meeting %s cannot be stored: %s. It is tried again.",
            live.meeting.id,
            cause,
            exc_info=None if isinstance(error, OSError | StoreError) else error,
            extra=events.MEETING_NOT_STORED.of(live.meeting),
        )


def _tell_stored(live: LiveMeeting) -> None:
    """All that has come is stored, and safe from power loss."""
    if live.not_stored:
        live.not_stored.clear()
        log.warning("Meeting %s is stored again", live.meeting.id)
