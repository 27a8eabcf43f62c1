"""The worker's side of jobs: running them, and taking over those of dead workers."""

import logging
import math
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbos import DBOS, WorkflowStatus
from sqlalchemy.exc import DBAPIError

from notetaker.jobs.asking import answer_question
from notetaker.jobs.database import APPLICATION, jobs_url, store_errors
from notetaker.jobs.minutes import PARTS_AT_A_TIME
from notetaker.jobs.queue import ASK, FINISH, MINUTES, REFINE, TRANSCRIBE, JobQueue
from notetaker.jobs.search import index_all
from notetaker.jobs.slots import SlotLostError, open_slots, take_slot
from notetaker.jobs.transcriber import Transcriber
from notetaker.jobs.workflows import Preferences, Workflows
from notetaker.notes.minutes.writer import Writer
from notetaker.notes.search.answering import Answerer
from notetaker.speech.engines import EngineSettings
from notetaker.store.database import Rejected, StoreError
from notetaker.store.store import Store

POLL_INTERVAL = 0.25
"""Seconds between polls of a queue, which is the longest that a job waits for an idle worker."""

LIVE_POLL_INTERVAL = 0.1
"""Seconds between polls for live lines, which should appear within two seconds of the last word."""

SWEEP_INTERVAL = 2.0
"""Seconds between searches for jobs of dead workers. A restarted worker finds its own jobs immediately."""

INDEX_INTERVAL = 5.0
"""Seconds between searches for meetings that are not indexed."""

STOP_TIMEOUT = 20
"""Seconds that ``stop`` waits for running jobs. The next worker restarts those that take longer."""

MOST_STARTS = 20
"""How often to start a transcription job before giving up, because the worker may have died of it each time."""

JOBS_VERSION = "1"
"""A constant, because DBOS gives a job only to workers of the same version. Our jobs always run from their beginning,
so any version of notetaker may continue them."""

QUESTIONS_AT_A_TIME = 2

MOST_COUNTED = 1000
"""Most waiting jobs to count."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """The running and waiting jobs."""

    transcribing: bool
    """Whether this worker is making drafts."""
    finishing: int
    """Number of meetings whose notes this worker is writing."""
    waiting: int
    """Number of utterances that no worker has started to transcribe, up to MOST_COUNTED."""
    refining: bool = False
    """Whether this worker is making final texts."""
    parts: int = 0
    """Number of parts of meetings whose minutes this worker is writing."""
    behind_s: float = 0.0
    """Seconds for which the oldest of the waiting utterances has been waiting."""


class Worker:
    """Runs jobs in threads of this process. Create one Worker per process.

    To transcribe more than one host can, start more workers on other hosts (with PostgreSQL).
    """

    def __init__(
        self,
        database_url: str,
        meetings_folder: Path,
        engine: EngineSettings,
        preferences: Preferences = Preferences(),  # noqa: B008 - frozen
        processes: int | None = None,
        writer: Writer | None = None,
        answerer: Answerer | None = None,
    ) -> None:
        """``processes`` is how many utterances to transcribe in parallel; None to decide by cores and memory.
        ``writer`` writes the notes; None for the built-in one. ``answerer`` answers questions, if there is one.

        Raises StoreError and EngineSettingError.
        """
        self._url = database_url
        self._store = Store(database_url)
        self._queue = JobQueue(database_url)
        self._answerer = answerer
        self._slots = open_slots(database_url)
        self._slot = 0
        self.slot_lost = False
        """Whether another worker may be running our jobs. This process has then sent itself SIGTERM."""
        self.work: Work | None = Work(transcribing=False, finishing=0, waiting=0)
        """The jobs at the last sweep, one SWEEP_INTERVAL ago; None if the database was unavailable."""
        self._swept_at = 0.0
        self._transcriber = Transcriber(engine, processes)
        self._stopping = threading.Event()
        self._workflows = Workflows(
            self._store, self._queue, self._transcriber, meetings_folder, self._stopping, preferences, writer
        )
        self._sweeper = threading.Thread(target=self._sweep, name="job-sweeper", daemon=True)
        self._indexer = threading.Thread(target=self._index, name="indexer", daemon=True)

    def start(self) -> None:
        """Return when this worker serves the queues. Raises StoreError, EngineSettingError and EngineError."""
        self._store.migrate()
        self._transcriber.start()
        self._slot = take_slot(self._slots)
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": jobs_url(self._url),
                "application_version": JOBS_VERSION,
                "executor_id": _executor(self._slot),
                "log_level": "WARNING",
            }
        )
        self._register_jobs()
        with store_errors(self._url):
            DBOS.launch()
            for queue, at_a_time, interval_s in (
                (TRANSCRIBE, self._transcriber.processes, LIVE_POLL_INTERVAL),
                (REFINE, 2 * self._transcriber.processes, POLL_INTERVAL),
                (MINUTES, PARTS_AT_A_TIME, POLL_INTERVAL),
                (FINISH, None, POLL_INTERVAL),
                (ASK, QUESTIONS_AT_A_TIME, POLL_INTERVAL),
            ):
                DBOS.register_queue(
                    queue,
                    worker_concurrency=at_a_time,
                    polling_interval_sec=interval_s,
                    on_conflict="always_update",
                )
        self._swept_at = time.monotonic()
        self._sweeper.start()
        self._indexer.start()

    @property
    def engine_name(self) -> str:
        """Name of the speech engine, such as ``whisper-base``."""
        return self._transcriber.engine_name

    @property
    def unattended_s(self) -> float:
        """Seconds since the last sweep, which may have to wait for the database; infinite if sweeping has stopped."""
        return time.monotonic() - self._swept_at if self._sweeper.is_alive() else math.inf

    def stop(self) -> None:
        """Take no more jobs, wait STOP_TIMEOUT for the running ones, close everything. Idempotent."""
        self._stopping.set()
        if self._sweeper.ident:
            self._sweeper.join()
            self._indexer.join()
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=STOP_TIMEOUT)
        self._transcriber.close()
        self._slots.close()
        self._queue.close()
        self._store.close()

    def _register_jobs(self) -> None:
        @DBOS.workflow(name=TRANSCRIBE, max_recovery_attempts=MOST_STARTS)
        def transcribe(utterance_id: str) -> None:
            self._workflows.transcribe_utterance(utterance_id)

        @DBOS.workflow(name=REFINE, max_recovery_attempts=MOST_STARTS)
        def refine(utterance_ids: list[str]) -> None:
            self._workflows.refine_utterances(utterance_ids)

        @DBOS.workflow(name=MINUTES, max_recovery_attempts=MOST_STARTS)
        def write_part(part: list[str]) -> None:
            meeting_id, key = part
            self._workflows.write_part(meeting_id, key)

        @DBOS.workflow(name=FINISH, max_recovery_attempts=None)
        def finish(meeting_id: str) -> None:
            self._workflows.finish_meeting(meeting_id)

        @DBOS.workflow(name=ASK, max_recovery_attempts=1)
        def ask(asked: list[Any]) -> dict[str, Any]:
            question, passages = asked
            return answer_question(self._store, self._answerer, question, passages)

    def _sweep(self) -> None:
        while not self._stopping.wait(SWEEP_INTERVAL):
            work = None
            try:
                self._slots.keep()
                work = self._rescue_jobs()
            except DBAPIError:
                log.warning("Cannot search for jobs of dead workers, the database is unavailable; retrying")
            except SlotLostError:
                log.exception("Another worker has taken over this slot; exiting")
                self.slot_lost = True
                os.kill(os.getpid(), signal.SIGTERM)
                return
            self.work, self._swept_at = work, time.monotonic()

    def _index(self) -> None:
        """Let the search look in meetings that have ended, those of earlier releases included."""
        while not self._stopping.wait(INDEX_INTERVAL):
            try:
                index_all(self._store, self._stopping.is_set)
            except (StoreError, Rejected) as error:  # the latter if a meeting has just been deleted
                log.warning("Cannot index meetings for the search, retrying: %s", error)

    def _rescue_jobs(self) -> Work:
        """Put the jobs of dead workers back into their queues. Return the running and waiting jobs."""
        running = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        waiting = DBOS.list_workflows(
            status="ENQUEUED", name=TRANSCRIBE, limit=MOST_COUNTED, load_input=False, load_output=False
        )
        ours = [job.name for job in running if job.executor_id == _executor(self._slot)]
        self._take_over(running)
        oldest_ms = min((job.created_at for job in waiting if job.created_at), default=None)
        return Work(
            transcribing=TRANSCRIBE in ours,
            finishing=ours.count(FINISH),
            waiting=len(waiting),
            refining=REFINE in ours,
            parts=ours.count(MINUTES),
            behind_s=0.0 if oldest_ms is None else max(time.time() - oldest_ms / 1000, 0.0),
        )

    def _take_over(self, running: list[WorkflowStatus]) -> None:
        for executor in {job.executor_id for job in running if job.executor_id}:
            slot = _slot(executor)
            if slot == self._slot or not self._slots.try_lock(slot):
                continue
            try:  # while we hold its slot, no worker can start under that name
                DBOS._recover_pending_workflows([executor])
            finally:
                self._slots.unlock(slot)


def _executor(slot: int) -> str:
    return f"worker-{slot}"


def _slot(executor: str) -> int:
    return int(executor.removeprefix("worker-"))
