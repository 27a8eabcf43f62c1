"""Records every step of every attempt to connect, for those who investigate why voice fails.

Each attempt has a file of JSON lines, which are logged as well. Credentials are recorded as fingerprints: equal ones
look equal, and nothing else can be learned from them. ``reader`` reads the files back.
"""

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from notetaker import __version__
from notetaker.voice.trace import redaction
from notetaker.voice.trace.redaction import fingerprint
from notetaker.voice.trace.text import SUFFIX, described
from notetaker.wire.opcodes import Op

__all__ = ["Trace", "Tracer", "fingerprint"]

log = logging.getLogger(__name__)

MAX_FILES = 100
MAX_LINES = 2000
"""Most lines in a file."""
MAX_MESSAGES = 1900
"""Most messages in a file, which leaves room for how a long session ended."""
REPEATED = (Op.HEARTBEAT, Op.HEARTBEAT_ACK, Op.SPEAKING)
REPETITIONS = 2
"""How many of these are recorded for each direction and speaker: a long session has thousands."""

LIBRARIES = ("py-cord", "dave.py", "PyNaCl")
SECRETS = ("session", "token")

Fact = str | int | float | bool | None


class Tracer:
    """Begins traces in ``folder``, which is created when needed. None: nothing is recorded."""

    def __init__(
        self,
        folder: Path | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        unix_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._folder = folder
        self._monotonic = monotonic
        self._unix_ns = unix_ns

    def attempt(self, guild_id: int, channel_id: int, attempt: int, of: int) -> "Trace":
        """Begin a trace. ``of`` is 0 for an attempt outside a round: Discord has moved the call."""
        if self._folder is None:
            return Trace(None, guild_id, self._monotonic)
        at_ns = self._unix_ns()
        at = datetime.fromtimestamp(at_ns // 10**9, UTC)
        name = f"{at:%Y%m%dT%H%M%S}.{at_ns % 10**9:09d}-{guild_id}{SUFFIX}"
        path = _new_file(self._folder, name)
        versions = {library: _version(library) for library in LIBRARIES}
        trace = Trace(path, guild_id, self._monotonic)
        trace.note(
            "attempt", guild=guild_id, channel=channel_id, attempt=attempt, of=of,
            at=at.isoformat(), version=__version__, **versions,
        )  # fmt: skip
        return trace


class Trace:
    """What happens in one attempt and in the session that it leads to.

    No method raises: if the file cannot be written to, there is one warning, and the trace ends.
    """

    def __init__(self, path: Path | None, guild_id: int, monotonic: Callable[[], float]) -> None:
        self._path = path
        self._guild_id = guild_id
        self._monotonic = monotonic
        self._began = monotonic()
        self._lines = 0
        self._messages = 0
        self._repeated: Counter[tuple[str, int, str]] = Counter()

    def note(self, event: str, **facts: Fact) -> None:
        """Record an event. Raw values are fine in ``session`` and ``token``, which are kept as fingerprints."""
        if self._path is not None:
            for name in SECRETS:
                if isinstance(secret := facts.get(name), str):
                    facts[name] = fingerprint(secret)
            self._add(event, facts)

    def sent(self, message: str | bytes) -> None:
        """Record a text or binary message that we sent on the voice websocket."""
        self._message("sent", message)

    def received(self, message: str | bytes) -> None:
        """Record a text or binary message that the server sent on the voice websocket."""
        self._message("received", message)

    def end(self, outcome: str) -> None:
        """Record how the attempt ended: "established ...", or a reason. What follows belongs to the session."""
        self.note("end", outcome=outcome)

    def _message(self, event: str, message: str | bytes) -> None:
        if self._path is None or self._messages > MAX_MESSAGES:
            return
        facts = redaction.facts(message, ours=event == "sent")
        op = facts.get("op")
        if op in REPEATED:
            kind = event, op, str(facts.get("d", {}).get("ssrc"))
            self._repeated[kind] += 1
            if self._repeated[kind] > REPETITIONS:
                return
        self._messages += 1
        if self._messages > MAX_MESSAGES:
            self.note("messages are not recorded any more", limit=MAX_MESSAGES)
        else:
            self._add(event, facts)

    def _add(self, event: str, facts: dict[str, Any]) -> None:
        if self._path is None or self._lines == MAX_LINES:
            return
        self._lines += 1
        if self._lines == MAX_LINES:
            event, facts = "this trace is full", {"limit": MAX_LINES}
        line = {"t": round(self._monotonic() - self._began, 3), "event": event, **facts}
        log.info("Guild %d: %.3f %s", self._guild_id, line["t"], " ".join(described(line)))
        try:
            _append(self._path, json.dumps(line, separators=(",", ":")).encode() + b"\n")
        except OSError as error:
            log.warning("The voice trace %s ends: it cannot be written to (%s)", self._path, error.strerror)
            self._path = None


def _new_file(folder: Path, name: str) -> Path | None:
    """Make room for a file and create it. Return None, after a warning, if that is not possible."""
    path = folder / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in sorted(folder.glob(f"*{SUFFIX}"))[: 1 - MAX_FILES]:
            old.unlink(missing_ok=True)
        path.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        log.warning("This voice attempt has no trace: %s cannot be created (%s)", path, error.strerror)
        return None
    return path


def _append(path: Path, line: bytes) -> None:
    """Append without keeping the file open: it may be removed to make room, and a session may last for days."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, line)
    finally:
        os.close(file)


@cache
def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
