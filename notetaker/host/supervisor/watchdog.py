"""What systemd's watchdog would do, for processes that supervisor runs. Pure: told what was heard, and the time.

A process says how it is doing with sd_notify(3). One that has fallen silent is asked for the stacks of its threads
(SIGABRT: faulthandler prints them) and is killed when it does not die of that; as it dies of a signal, which is never
an expected exit, supervisor starts it again.
"""

import signal
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum, auto

from notetaker.model.printable import printable

FIRST_SIGN_S = 300.0
"""After its start, for the first sign of life: a speech model takes its time to load."""

STOPPING_S = 60.0
"""To come to an end. supervisor's own limit, stopwaitsecs, cannot be extended and is to be longer."""

ABORT_S = 20.0
"""To print the stacks and die."""

STARTS_A_DAY = 500
"""Discord lets a bot log in 1000 times a day and then resets its token (Discord docs: Gateway, Identify)."""

DAY_S = 24 * 3600.0

STATUS_LENGTH = 200
"""Of a status, as far as the log repeats it."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running one that is to give signs of life."""

    name: str
    """As supervisor's commands take it: ``group:process``."""
    pid: int
    timeout_s: float
    """The longest silence allowed: its WATCHDOG_USEC."""
    age_s: float = 0.0
    """It may have been running before the watchdog."""
    stopping: bool = False
    """supervisor has told it to end."""
    logs_in: bool = True
    """At Discord, when it starts."""


@dataclass(frozen=True, slots=True)
class Say:
    text: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """To be sent to the process."""

    name: str
    number: signal.Signals


@dataclass(frozen=True, slots=True)
class Stop:
    """To be stopped for good: only a person starts it again."""

    name: str


Action = Say | Signal | Stop


class _Phase(Enum):
    STARTING = auto()
    """No sign of life yet."""
    ALIVE = auto()
    STOPPING = auto()
    """It ends, and is not expected to ping."""
    ABORTED = auto()
    """It got SIGABRT; nothing that it says counts any more."""


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
    """``now`` is monotonic, in seconds."""

    _watched: dict[int, _Watched] = field(default_factory=dict)
    """By process id."""
    _starts: dict[str, deque[float]] = field(default_factory=dict)
    """When each process that logs in was first seen, in the last day, by name."""

    @property
    def deadline(self) -> float | None:
        """When ``check`` has something to do, unless something is heard before."""
        return min((watched.deadline for watched in self._watched.values()), default=None)

    def __contains__(self, pid: int) -> bool:
        return pid in self._watched

    def running(self, processes: Collection[Process], now: float) -> list[Action]:
        """These are running, no others."""
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
            actions.append(Say(f"Watching {watched}: it is to give a sign of life every {limit_s:g} s"))
            if watched.process.logs_in:
                actions += self._started(watched.process.name, now)
        return actions

    def heard(self, pid: int, message: bytes, now: float) -> list[Action]:
        """A datagram in the format of sd_notify(3), from that process. Only those that are watched count."""
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
            actions.append(Say(f"{watched} reads its settings again"))
        if fields.get(b"STOPPING") == b"1":
            watched.stop(now)
            actions.append(Say(f"{watched} is stopping{_clause(watched.status)}"))
        if fields.get(b"WATCHDOG") == b"1" and watched.phase is not _Phase.STOPPING:
            if watched.phase is _Phase.STARTING:
                actions.append(Say(f"{watched} gives signs of life"))
            watched.phase, watched.deadline = _Phase.ALIVE, now + watched.process.timeout_s
        extension = fields.get(b"EXTEND_TIMEOUT_USEC", b"")
        if extension.isdigit() and len(extension) < 16 and watched.phase is not _Phase.ALIVE:
            watched.deadline = max(watched.deadline, now + int(extension) / 1e6)
        return actions

    def check(self, now: float) -> list[Action]:
        """What is to be done about those who have been silent for too long."""
        actions: list[Action] = []
        for watched in self._watched.values():
            if now < watched.deadline:
                continue
            name = watched.process.name
            if watched.phase is _Phase.ABORTED:
                actions += [
                    Say(f"{watched} does not die of SIGABRT and is killed", urgent=True),
                    Signal(name, signal.SIGKILL),
                ]
            else:
                actions += [
                    Say(_alarm(watched), urgent=True),
                    Signal(name, signal.SIGABRT),
                    # A stopped process gets no signal but SIGKILL before it continues.
                    Signal(name, signal.SIGCONT),
                ]
            watched.phase, watched.deadline = _Phase.ABORTED, now + ABORT_S
        return actions

    def _started(self, name: str, now: float) -> list[Action]:
        """Counts it, whether it gets ready or not: it may die just after it has logged in."""
        starts = self._starts.setdefault(name, deque())
        starts.append(now)
        while starts[0] <= now - DAY_S:
            starts.popleft()
        if len(starts) <= STARTS_A_DAY:
            return []
        starts.clear()
        return [
            Say(
                f"{name} has started more than {STARTS_A_DAY} times within a day and is stopped, because Discord "
                "resets the token of a bot that logs in too often. Its log says why it ends; once that is mended: "
                f"supervisorctl start {name}",
                urgent=True,
            ),
            Stop(name),
        ]


def _alarm(watched: _Watched) -> str:
    match watched.phase:
        case _Phase.STARTING:
            problem = "has given no sign of life yet"
        case _Phase.STOPPING:
            problem = "does not come to its end"
        case _:
            problem = f"has given no sign of life for {watched.process.timeout_s:g} s"
    status = f" (its last status: {watched.status})" if watched.status else ""
    return f"{watched} {problem}{status}: it is aborted, with its stacks in its log"


def _clause(status: str) -> str:
    return f": {status}" if status else ""
