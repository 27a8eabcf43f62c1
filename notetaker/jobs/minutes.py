"""Writes the minutes of a meeting, part by part."""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from notetaker.jobs.queue import ENDED, MINUTES, JobQueue, part_name
from notetaker.jobs.so_far import known_parts
from notetaker.model.meeting import Meeting
from notetaker.model.minutes import Minutes, Part, PartMinutes
from notetaker.model.notes_kind import NotesKind
from notetaker.model.transcript import Transcript
from notetaker.notes.kinds import MEETING
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.joining import join
from notetaker.notes.minutes.making import make, sum_up
from notetaker.notes.minutes.parts import keyed_parts
from notetaker.notes.minutes.writer import Writer
from notetaker.store.store import Store

WAIT_INTERVAL = 0.1
"""Seconds between checks for minutes that another job is writing."""

PARTS_AT_A_TIME = 2
"""Parts of meetings whose minutes are written at the same time. A language model may take a minute for one."""

LONGEST_WAIT = 180.0
"""Seconds without news of the parts that other jobs are writing, after which they are written here as well. A worker
of an older version may have taken such a job, and not know what to do with it."""

REQUEST_INTERVAL = 15.0
"""Seconds between requests for the minutes of a meeting that goes on."""

log = logging.getLogger(__name__)


class MinuteTaker:
    def __init__(
        self,
        store: Store,
        queue: JobQueue,
        writer: Writer | None,
        transcript: Callable[[Meeting], Transcript],
        pause: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
        kind: Callable[[Meeting], NotesKind] = lambda _: MEETING,
    ) -> None:
        """``writer``: None for the built-in one, which also writes what another one cannot. ``pause`` waits for some
        seconds, and raises if the worker stops meanwhile. ``clock`` returns seconds.
        """
        self._store = store
        self._queue = queue
        self._built_in = BuiltIn()
        self._writer = writer or self._built_in
        self._transcript = transcript
        self._kind = kind
        self._pause = pause
        self._clock = clock
        self._requested: dict[str, float] = {}

    def request_parts(self, meeting: Meeting) -> None:
        """Request the minutes of all parts that are complete, while the meeting goes on.

        That reads the whole transcript, and after a long meeting takes a third of a second. So nothing happens if it
        was done within the last ``REQUEST_INTERVAL`` seconds.
        """
        now = self._clock()
        self._requested = {one: at for one, at in self._requested.items() if now - at < REQUEST_INTERVAL}
        if meeting.ended_ns is None and meeting.id not in self._requested:
            self._requested[meeting.id] = now
            for key in (
                known_parts(self._store, self._transcript(meeting)).keys()
                - self._store.parts(meeting.id).keys()
            ):
                self._queue.write_part(meeting.id, key)

    def write_part(self, subject: tuple[str, str]) -> None:
        """Store the minutes of a part, given its meeting and key, unless the part has other lines by now."""
        meeting_id, key = subject
        meeting = self._store.meeting(meeting_id)
        if meeting is None or key in self._store.parts(meeting_id):
            return
        part = known_parts(self._store, self._transcript(meeting)).get(key)
        if part is not None:
            self._make(meeting_id, key, replace(part, notes=self._kind(meeting)))

    def of(self, transcript: Transcript) -> Minutes:
        """Return the minutes of a meeting that has ended."""
        kind = self._kind(transcript.meeting)
        cut = {key: replace(part, notes=kind) for key, part in keyed_parts(transcript).items()}
        written = self._written(transcript.meeting.id, cut)
        minutes = [written[key] for key in cut]
        summary = sum_up(tuple(cut.values()), minutes, self._writer, self._built_in)
        if summary.fell_back:
            log.warning(
                "Meeting %s: the built-in writer had to sum up: %s", transcript.meeting.id, summary.fell_back
            )
        return join(minutes, summary, kind)

    def _written(self, meeting_id: str, cut: Mapping[str, Part]) -> dict[str, PartMinutes]:
        """Return the minutes of all parts: write those that no job is writing, and wait for the others."""
        known, heard_at = -1, self._clock()
        while missing := cut.keys() - (written := self._store.parts(meeting_id)).keys():
            if len(written) > known:
                known, heard_at = len(written), self._clock()
            overdue = self._clock() - heard_at > LONGEST_WAIT
            states = self._queue.states(MINUTES, (part_name(meeting_id, key) for key in missing))
            nobodys = [
                (key, part)
                for key, part in cut.items()
                if key in missing and (overdue or states.get(part_name(meeting_id, key), "SUCCESS") in ENDED)
            ]
            with ThreadPoolExecutor(PARTS_AT_A_TIME) as threads:
                list(threads.map(lambda one: self._make(meeting_id, *one), nobodys))
            self._pause(WAIT_INTERVAL)
        return written

    def _make(self, meeting_id: str, key: str, part: Part) -> None:
        """Write the minutes of a part, and store them."""
        made = make(part, self._writer, self._built_in)
        if made.fell_back:
            log.warning(
                "Meeting %s: the built-in writer had to write part %d: %s",
                meeting_id,
                part.number + 1,
                made.fell_back,
            )
        self._store.save_part(meeting_id, key, made)
