"""Whether this process is healthy. If it is not, it stops pinging the watchdog, which restarts it.

Failures outside of the process do not count: the bot waits until Discord is back, the disk has room again and the
database answers. A restart would not help, and would interrupt running meetings.
"""

import logging
import time
from collections.abc import Callable
from typing import Protocol

from notetaker.host.errors import FULL
from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings.recordings import Recordings
from notetaker.model import events

log = logging.getLogger(__name__)

TICK_S = 60.0
"""Maximum time between ticks of the meetings, without waiting for the disk."""
STORE_S = 600.0
"""Maximum time between rounds of storing the meetings, without waiting for the database."""
SYNC_S = 300.0
"""Maximum time for an operation of the disk."""
SILENCE_S = 180.0
"""Maximum silence of the main gateway, which acknowledges a heartbeat every 41 s (Discord docs, Gateway)."""


class Voice(Protocol):
    @property
    def failure(self) -> str | None: ...


class Gateway(Protocol):
    @property
    def connected(self) -> bool: ...

    heard_at: float
    """When the last message was received, in monotonic seconds."""


class Health:
    """Decides whether this process is healthy."""

    def __init__(
        self,
        voice: Voice,
        gateway: Gateway,
        recordings: Recordings,
        disk: WorkerThread,
        database: WorkerThread,
        on_healthy: Callable[[], None],
    ) -> None:
        self._voice = voice
        self._gateway = gateway
        self._recordings = recordings
        self._disk = disk
        self._database = database
        self._on_healthy = on_healthy
        self._logged: str | None = None

    def beat(self) -> None:
        """Call ``on_healthy`` if this process is healthy."""
        failure = self.failure(time.monotonic())
        if failure is None:
            self._on_healthy()
        elif self._logged is None:
            log.critical("Unhealthy: %s", failure, extra=events.UNHEALTHY())
        self._logged = failure

    def failure(self, now: float) -> str | None:
        """Return the reason why this process is not healthy, or None. ``now`` is in monotonic seconds."""
        return self._voice.failure or self._of_gateway(now) or self._of_disk(now) or self._of_meetings(now)

    def _of_gateway(self, now: float) -> str | None:
        silent_s = now - self._gateway.heard_at
        if self._gateway.connected and silent_s > SILENCE_S:
            return f"the main connection to Discord is up, but has been silent for {silent_s:.0f} s"
        return None

    def _of_disk(self, now: float) -> str | None:
        waiting_s = self._disk.waiting_s(now)
        if waiting_s > SYNC_S:
            return f"the disk has not answered for {waiting_s:.0f} s"
        for meeting, error in self._recordings.disk_failures():
            if error.errno not in FULL:
                return f"cannot write the journal of meeting {meeting.id} ({error.strerror})"
        return None

    def _of_meetings(self, now: float) -> str | None:
        for guild_id, lock in self._recordings.locks.items():
            if lock.overdue_s:
                return f"a meeting in guild {guild_id} is stuck, {lock.overdue_s:.0f} s overdue"
        late_s = self._disk.clock(now) - self._recordings.ticked_at
        if late_s > TICK_S:
            return f"the meetings have not been updated for {late_s:.0f} s"
        late_s = self._database.clock(now) - self._recordings.stored_at
        if late_s > STORE_S:
            return f"no meeting has been stored for {late_s:.0f} s, although the database answers"
        return None
