"""The worker's side: doing the jobs of the queues, and taking over those of dead workers."""

import logging
import math
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from dbos import DBOS, WorkflowStatus
from sqlalchemy.exc import DBAPIError

from notetaker.jobs.database import APPLICATION, jobs_url, store_errors
from notetaker.jobs.queue import FINISH, REFINE, TRANSCRIBE, JobQueue
from notetaker.jobs.slots import SlotLostError, open_slots, take_slot
from notetaker.jobs.transcriber import Transcriber
from notetaker.jobs.workflows import Preferences, Workflows
from notetaker.speech.engines import EngineSettings
from notetaker.store.store import Store

POLL_INTERVAL = 0.25
"""Seconds between two looks into a queue: the longest that a job waits for an idle worker."""

LIVE_POLL_INTERVAL = 0.1
"""The same for live lines, which are to be there within two seconds of the last word."""

SWEEP_INTERVAL = 2.0
"""Seconds between two looks for jobs of dead workers. One that is started again finds its own jobs at once."""

STOP_TIMEOUT = 20
"""Seconds that ``stop`` gives running jobs. What does not end in time is begun again by the next worker."""

MOST_STARTS = 20
"""A job for texts that was begun so often is given up: the worker may have died over it each time."""

JOBS_VERSION = "1"
"""DBOS hands a job only to workers of its version. Ours run from the beginning each time, so any version of
notetaker may continue what another began, and this stays."""

MOST_COUNTED = 1000
"""Of the jobs that wait."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do."""

    transcribing: bool
    """This worker."""
    finishing: int
    """Meetings whose notes this worker writes."""
    waiting: int
    """Utterances that no worker has begun to transcribe, up to MOST_COUNTED."""
    refining: bool = False
    """This worker makes final texts."""
    behind_s: float = 0.0
    """For how long the oldest of the waiting utterances has been waiting."""


class Worker:
    """Does jobs in threads of this process. One Worker per process.

    To transcribe more at a time than one host can, start more workers on others (with PostgreSQL).
    """

    def __init__(
        self,
        database_url: str,
        meetings_folder: Path,
        engine: EngineSettings,
        preferences: Preferences = Preferences(),  # noqa: B008 - frozen
        processes: int | None = None,
    ) -> None:
        """``processes``: utterances that are transcribed at a time; None: by the cores of this host.

        Raises StoreError and EngineSettingError.
        """
        self._url = database_url
        self._store = Store(database_url)
        self._queue = JobQueue(database_url)
        self._slots = open_slots(database_url)
        self._slot = 0
        self.taken_for_dead = False
        """Set when another worker may be doing our jobs: this process has sent itself SIGTERM, to start afresh."""
        self.work: Work | None = Work(transcribing=False, finishing=0, waiting=0)
        """What there was to do at the last look, which is every SWEEP_INTERVAL; None: the database was away."""
        self._looked_at = 0.0
        self._transcriber = Transcriber(engine, processes)
        self._stopping = threading.Event()
        self._workflows = Workflows(
            self._store, self._queue, self._transcriber, meetings_folder, self._stopping, preferences
        )
        self._sweeper = threading.Thread(target=self._sweep, name="job-sweeper", daemon=True)

    def start(self) -> None:
        """Returns when the queues are served. Raises StoreError, EngineSettingError and EngineError."""
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
        with store_errors():
            DBOS.launch()
            for queue, at_a_time, interval_s in (
                (TRANSCRIBE, self._transcriber.processes, LIVE_POLL_INTERVAL),
                (REFINE, 2 * self._transcriber.processes, POLL_INTERVAL),
                (FINISH, None, POLL_INTERVAL),
            ):
                DBOS.register_queue(
                    queue,
                    worker_concurrency=at_a_time,
                    polling_interval_sec=interval_s,
                    on_conflict="always_update",
                )
        self._looked_at = time.monotonic()
        self._sweeper.start()

    @property
    def engine_name(self) -> str:
        """Which engine turns speech into text: ``whisper-base``."""
        return self._transcriber.engine_name

    @property
    def unattended_s(self) -> float:
        """Seconds since the last look for jobs has ended, after ``start``. A look may have to wait for the database;
        infinite, when nobody looks any more.
        """
        return time.monotonic() - self._looked_at if self._sweeper.is_alive() else math.inf

    def stop(self) -> None:
        """Take no more jobs, give the running ones STOP_TIMEOUT to end, close everything. Idempotent."""
        self._stopping.set()
        if self._sweeper.ident:
            self._sweeper.join()
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

        @DBOS.workflow(name=FINISH, max_recovery_attempts=None)
        def finish(meeting_id: str) -> None:
            self._workflows.finish_meeting(meeting_id)

    def _sweep(self) -> None:
        while not self._stopping.wait(SWEEP_INTERVAL):
            work = None
            try:
                self._slots.keep()
                work = self._look_after_jobs()
            except DBAPIError:
                log.warning("the database is away; looking for jobs of dead workers again in a moment")
            except SlotLostError:
                log.exception("this worker has been taken for dead and stops")
                self.taken_for_dead = True
                os.kill(os.getpid(), signal.SIGTERM)
                return
            self.work, self._looked_at = work, time.monotonic()

    def _look_after_jobs(self) -> Work:
        """Put the jobs of dead workers back into their queues."""
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
            behind_s=0.0 if oldest_ms is None else max(time.time() - oldest_ms / 1000, 0.0),
        )

    def _take_over(self, running: list[WorkflowStatus]) -> None:
        for executor in {job.executor_id for job in running if job.executor_id}:
            slot = _slot(executor)
            if slot == self._slot or not self._slots.try_lock(slot):
                continue
            try:  # while we hold its slot, nobody can come to life under that name
                DBOS._recover_pending_workflows([executor])
            finally:
                self._slots.unlock(slot)


def _executor(slot: int) -> str:
    return f"worker-{slot}"


def _slot(executor: str) -> int:
    return int(executor.removeprefix("worker-"))
