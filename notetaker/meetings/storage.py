"""Disk and database as meetings use them: each behind a thread of its own, so that neither waits for the other."""

import logging
import time
from dataclasses import dataclass

from notetaker.host.worker_thread import SILENCE_S, WorkerThread
from notetaker.jobs.queue import JobQueue
from notetaker.model import events
from notetaker.store.store import Store

log = logging.getLogger(__name__)

NO_ANSWER = "the database does not answer"


@dataclass(slots=True)
class Storage:
    store: Store
    queue: JobQueue
    disk: WorkerThread
    database: WorkerThread
    _silent: bool = False

    def failure(self, now: float) -> str | None:
        """Return why nothing can be stored, ``now`` in monotonic seconds; None if nothing is known against it."""
        return NO_ANSWER if self.database.waiting_s(now) > SILENCE_S else None

    def report(self, now: float) -> None:
        """Log once that the database has fallen silent, and once that it answers again."""
        silent = self.failure(now) is not None
        if silent and not self._silent:
            log.critical(
                "The database does not answer; audio is safe in the journals until it does",
                extra=events.UNAVAILABLE(),
            )
        elif self._silent and not silent:
            log.warning("The database answers again")
        self._silent = silent

    def disk_clock(self) -> float:
        """Return monotonic seconds, less the time spent waiting for the disk."""
        return self.disk.clock(time.monotonic())

    def database_clock(self) -> float:
        """Return monotonic seconds, less the time spent waiting for the database."""
        return self.database.clock(time.monotonic())
