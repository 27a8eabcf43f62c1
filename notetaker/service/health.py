"""Whether this process is in control. If it is not, the watchdog hears nothing more and has it begin anew.

That is not the question whether all is well. A Discord that is down or refuses, a full disk and a database that is
away or never answers are ridden out: beginning anew would not help, and would lose what is under way.
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
"""Longer than this no tick of the meetings takes, not counting what the disk takes."""
STORE_S = 600.0
"""Longer than this the meetings are not stored, not counting what the database takes."""
SYNC_S = 300.0
"""Longer than this no disk takes."""
SILENCE_S = 180.0
"""A connected main gateway acknowledges a heartbeat every 41 s (Discord docs, Gateway, "Heartbeat Interval")."""


class Voice(Protocol):
    @property
    def trouble(self) -> str | None: ...


class Gateway(Protocol):
    @property
    def connected(self) -> bool: ...

    heard_at: float
    """When it said anything last, monotonic seconds."""


class Health:
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
        self._told: str | None = None

    def beat(self) -> None:
        """Calls ``on_healthy`` if this process is in control."""
        trouble = self.trouble(time.monotonic())
        if trouble is None:
            self._on_healthy()
        elif self._told is None:
            log.critical("Out of control: %s", trouble, extra=events.OUT_OF_CONTROL())
        self._told = trouble

    def trouble(self, now: float) -> str | None:
        """Why this process is not in control, ``now`` in monotonic seconds; None: it is."""
        return self._voice.trouble or self._of_gateway(now) or self._of_disk(now) or self._of_meetings(now)

    def _of_gateway(self, now: float) -> str | None:
        silent_s = now - self._gateway.heard_at
        if self._gateway.connected and silent_s > SILENCE_S:
            return f"the main connection to Discord is up, and has said nothing for {silent_s:.0f} s"
        return None

    def _of_disk(self, now: float) -> str | None:
        waiting_s = self._disk.waiting_s(now)
        if waiting_s > SYNC_S:
            return f"the disk has not answered for {waiting_s:.0f} s"
        for live in self._recordings.live:
            error = live.refusal or live.unsafe
            if error is not None and error.errno not in FULL:
                return f"the journal of meeting {live.meeting.id} cannot be written ({error.strerror})"
        return None

    def _of_meetings(self, now: float) -> str | None:
        for guild_id, lock in self._recordings.locks.items():
            if lock.overdue_s:
                return f"a meeting in guild {guild_id} is stuck: it is {lock.overdue_s:.0f} s overdue"
        late_s = self._disk.clock(now) - self._recordings.ticked_at
        if late_s > TICK_S:
            return f"nobody has looked after the meetings for {late_s:.0f} s"
        late_s = self._database.clock(now) - self._recordings.stored_at
        if late_s > STORE_S:
            return f"no meeting has been stored for {late_s:.0f} s, although the database answers"
        return None
