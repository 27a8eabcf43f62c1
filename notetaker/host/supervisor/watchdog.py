"""A watchdog like systemd's, for processes under supervisor. It does no I/O: messages and the time are passed in.

Processes report their state with sd_notify(3). One that falls silent gets SIGABRT, on which it logs its stacks and
dies, and SIGKILL if it does not. A death by signal is never an expected exit, so supervisor restarts the process.
"""

import signal
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum, auto

from notetaker.model.printable import printable

FIRST_SIGN_S = 300.0
"""Timeout for the first ping after the start: loading a speech model takes a while."""

STOPPING_S = 60.0
"""Timeout for stopping. supervisor's own limit (stopwaitsecs) cannot be extended, so it must be longer."""

ABORT_S = 20.0
"""Timeout for logging the stacks and exiting."""

STARTS_A_DAY = 500
"""Discord resets the token of a bot that logs in more than 1000 times a day (Discord docs, Gateway, Identify)."""

DAY_S = 24 * 3600.0

STATUS_LENGTH = 200
"""Maximum length of a status in the log."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running process to watch."""

    name: str
    """Its name in supervisor: ``group:process``."""
    pid: int
    timeout_s: float
    """Maximum time between pings: its WATCHDOG_USEC."""
    age_s: float = 0.0
    """Time since its start, which may be before the watchdog's."""
    stopping: bool = False
    """supervisor is stopping it."""
    logs_in: bool = True
    """It logs in to Discord when it starts."""


@dataclass(frozen=True, slots=True)
class Say:
    """Log a message."""

    text: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """Send a signal to the process."""

    name: str
    number: signal.Signals


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the process until a person starts it again."""

    name: str


Action = Say | Signal | Stop


class _Phase(Enum):
    STARTING = auto()
    """It has not sent a ping yet."""
    ALIVE = auto()
    STOPPING = auto()
    """It is exiting and need not ping."""
    ABORTED = auto()
    """It was sent SIGABRT; its messages are ignored."""


@dataclass(slots=True)
class _Watched:
    process: Process
    deadline: float
    phase: _Phase = _Phase.STARTING
    status: str = ""

    def stop(self, now: float) -> None:
        if self.phase in (_Phase.STARTING, _Phase.ALIVE):
            self.phase, self.deadline = _Phase.STOPPING, now + STOPPING_S

    def __str__(self) -> str:
        return f"{self.process.name} (process {self.process.pid})"


@dataclass(slots=True)
class Watchdog:
    """Decides what to do about silent processes. ``now`` is in monotonic seconds."""

    _watched: dict[int, _Watched] = field(default_factory=dict)
    """Watched processes by id."""
    _starts: dict[str, deque[float]] = field(default_factory=dict)
    """Starts in the last day of each process that logs in, by name."""

    @property
    def deadline(self) -> float | None:
        """When ``check`` must be called next."""
        return min((watched.deadline for watched in self._watched.values()), default=None)

    def __contains__(self, pid: int) -> bool:
        return pid in self._watched

    def running(self, processes: Collection[Process], now: float) -> list[Action]:
        """Update the set of running processes."""
        here = {process.pid: process for process in processes}
        for pid in self._watched.keys() - here.keys():
            del self._watched[pid]
        for pid in here.keys() & self._watched.keys():
            if here[pid].stopping:
                self._watched[pid].stop(now)
        new = [
            _Watched(process, now + max(process.timeout_s, FIRST_SIGN_S - process.age_s))
            for pid, process in here.items()
            if pid not in self._watched
        ]
        self._watched |= {watched.process.pid: watched for watched in new}
        actions: list[Action] = []
        for watched in new:
            limit_s = watched.process.timeout_s
            actions.append(Say(f"Watching {watched}: it must send a ping every {limit_s:g} s"))
            if watched.process.logs_in:
                actions += self._started(watched.process.name, now)
        return actions

    def heard(self, pid: int, message: bytes, now: float) -> list[Action]:
        """Handle a message in the format of sd_notify(3). It is ignored unless the process is watched."""
        watched = self._watched.get(pid)
        if watched is None or watched.phase is _Phase.ABORTED:
            return []
        lines = (line.partition(b"=") for line in message.split(b"\n"))
        fields = {name: value for name, _, value in lines}
        actions: list[Action] = []
        if b"STATUS" in fields:
            watched.status = printable(fields[b"STATUS"].decode(errors="replace"))[:STATUS_LENGTH]
        if fields.get(b"READY") == b"1":
            watched.phase, watched.deadline = _Phase.ALIVE, now + watched.process.timeout_s
            actions.append(Say(f"{watched} is ready{_clause(watched.status)}"))
        if fields.get(b"RELOADING") == b"1":
            actions.append(Say(f"{watched} is reloading its settings"))
        if fields.get(b"STOPPING") == b"1":
            watched.stop(now)
            actions.append(Say(f"{watched} is stopping{_clause(watched.status)}"))
        if fields.get(b"WATCHDOG") == b"1" and watched.phase is not _Phase.STOPPING:
            if watched.phase is _Phase.STARTING:
                actions.append(Say(f"{watched} is sending pings"))
            watched.phase, watched.deadline = _Phase.ALIVE, now + watched.process.timeout_s
        extension = fields.get(b"EXTEND_TIMEOUT_USEC", b"")
        if extension.isdigit() and len(extension) < 16 and watched.phase is not _Phase.ALIVE:
            watched.deadline = max(watched.deadline, now + int(extension) / 1e6)
        return actions

    def check(self, now: float) -> list[Action]:
        """Return what to do about processes that have been silent for too long."""
        actions: list[Action] = []
        for watched in self._watched.values():
            if now < watched.deadline:
                continue
            name = watched.process.name
            if watched.phase is _Phase.ABORTED:
                actions += [
                    Say(f"{watched} did not exit on SIGABRT, killing it", urgent=True),
                    Signal(name, signal.SIGKILL),
                ]
            else:
                actions += [
                    Say(_alarm(watched), urgent=True),
                    Signal(name, signal.SIGABRT),
                    # A stopped process handles no signal but SIGKILL until it continues.
                    Signal(name, signal.SIGCONT),
                ]
            watched.phase, watched.deadline = _Phase.ABORTED, now + ABORT_S
        return actions

    def _started(self, name: str, now: float) -> list[Action]:
        """Count a start, whether or not the process gets ready: it may die just after logging in."""
        starts = self._starts.setdefault(name, deque())
        starts.append(now)
        while starts[0] <= now - DAY_S:
            starts.popleft()
        if len(starts) <= STARTS_A_DAY:
            return []
        starts.clear()
        return [
            Say(
                f"{name} was started more than {STARTS_A_DAY} times within a day, stopping it: Discord resets the "
                "token of a bot that logs in too often. Its log has the reason; once that is fixed, run: "
                f"supervisorctl start {name}",
                urgent=True,
            ),
            Stop(name),
        ]


def _alarm(watched: _Watched) -> str:
    match watched.phase:
        case _Phase.STARTING:
            state = "has not sent a ping yet"
        case _Phase.STOPPING:
            state = "does not stop"
        case _:
            state = f"has sent no ping for {watched.process.timeout_s:g} s"
    status = f" (last status: {watched.status})" if watched.status else ""
    return f"{watched} {state}{status}: aborting it, see its log for stacks"


def _clause(status: str) -> str:
    return f": {status}" if status else ""
