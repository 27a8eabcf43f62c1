"""What a recording leaves beside its journal in case its process ends: a sign of life, and the gaps still open.

``<meeting folder>/journal/state.json``; the file's modification time is the last sign of life, because nobody may
have spoken for a long time. It is set to the meeting's time, so that it means the same whatever happens to the wall
clock. The file is deleted with the journal.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from notetaker.recording.clock import SignOfLife
from notetaker.recording.journal import journal_files

_SET_NS = 100_000_000
"""A wall clock that has moved by this much against the meeting's time has been set, and the file says so."""
_AHEAD_NS = 60 * 1_000_000_000
"""A packet that seems to have come longer than this after the last sign of life tells of a clock that was set."""

_UNREADABLE = (FileNotFoundError, KeyError, TypeError, ValueError, OverflowError, RecursionError)


class OpenGap(NamedTuple):
    """A gap in everyone's sound that has not ended."""

    started_ns: int
    """The meeting's time, in Unix nanoseconds."""
    cause: str


@dataclass(frozen=True, slots=True)
class RecordingState:
    channel_id: int
    """The voice channel that is recorded: the bot may have been moved."""
    gaps: tuple[OpenGap, ...] = ()
    stopped: bool = False
    """People have stopped the meeting."""
    paused: str | None = None
    """Why nobody is recorded until somebody resumes the meeting; None if people are."""


class StateFile:
    """Not thread-safe. All methods raise OSError."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is the meeting's."""
        self._folder = folder
        self._path = folder / "journal" / "state.json"
        self._written: tuple[RecordingState, int] | None = None

    def keep(self, state: RecordingState, alive: SignOfLife) -> None:
        """Write what has changed, and give a sign of life."""
        now = state, _set_ns(alive) // _SET_NS
        if now == self._written:
            _touch(self._path, alive)
        else:
            self._write(state, alive)
            self._written = now

    def read(self) -> RecordingState | None:
        """Return the state; None if there is no file, or a power loss has left it unreadable."""
        try:
            content = self._content()
            gaps = tuple(OpenGap(int(started_ns), str(cause)) for started_ns, cause in content["missing"])
            return RecordingState(
                int(content["channel_id"]), gaps, bool(content["over"]), content.get("paused")
            )
        except _UNREADABLE:
            return None

    def alive(self) -> SignOfLife | None:
        """Return the last sign of life, of this file or a packet; None if there is none."""
        packet_ns = max((path.stat().st_mtime_ns for _, path in journal_files(self._folder)), default=0)
        alive_ns = self._path.stat().st_mtime_ns if self._path.exists() else 0
        try:
            boot_id, *times = self._content()["clocks"]
            written = SignOfLife(None if boot_id is None else str(boot_id), *map(int, times))
        except _UNREADABLE:  # or of an earlier release: both times are by the wall clock
            latest_ns = max(packet_ns, alive_ns)
            return SignOfLife(None, 0, latest_ns, latest_ns) if latest_ns else None
        packet_ns -= _set_ns(written)
        if alive_ns < packet_ns <= alive_ns + _AHEAD_NS:
            alive_ns = packet_ns
        return written.later(alive_ns - written.meeting_ns)

    def _write(self, state: RecordingState, alive: SignOfLife) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {
            "channel_id": state.channel_id,
            "missing": state.gaps,
            "over": state.stopped,
            "paused": state.paused,
            "clocks": alive,
        }
        part = self._path.with_suffix(".part")
        part.touch(mode=0o600)
        with part.open("w") as file:
            file.write(json.dumps(content))
            file.flush()
            os.fsync(file.fileno())
        _touch(part, alive)
        part.replace(self._path)  # whole, or not at all, which after a power loss takes the fsync

    def _content(self) -> Any:
        return json.loads(self._path.read_bytes())


def _touch(path: Path, alive: SignOfLife) -> None:
    os.utime(path, ns=(alive.meeting_ns, alive.meeting_ns))


def _set_ns(alive: SignOfLife) -> int:
    """Return how far the wall clock is ahead of the meeting's time, because somebody has set it."""
    return alive.unix_ns - alive.meeting_ns
