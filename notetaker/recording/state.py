"""What a recording leaves beside its journal in case its process ends: a sign of life, and the gaps still open.

``<meeting folder>/journal/state.json``; the file's modification time is the last sign of life, because nobody may
have spoken for a long time. It is deleted with the journal.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from notetaker.recording.journal import journal_files


class OpenGap(NamedTuple):
    """A gap in everyone's sound that has not ended."""

    started_ns: int
    """Unix nanoseconds."""
    cause: str


@dataclass(frozen=True, slots=True)
class RecordingState:
    channel_id: int
    """The voice channel that is recorded: the bot may have been moved."""
    gaps: tuple[OpenGap, ...] = ()
    stopped: bool = False
    """People have stopped the meeting."""


class StateFile:
    """Not thread-safe. All methods raise OSError."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is the meeting's."""
        self._folder = folder
        self._path = folder / "journal" / "state.json"
        self._written: RecordingState | None = None

    def keep(self, state: RecordingState) -> None:
        """Write what has changed, and give a sign of life."""
        if state == self._written:
            os.utime(self._path)
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {"channel_id": state.channel_id, "missing": state.gaps, "over": state.stopped}
        part = self._path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(content))
        part.replace(self._path)  # whole, or not at all
        self._written = state

    def read(self) -> RecordingState | None:
        """Return the state; None if there is no file, or a power loss has left it unreadable."""
        try:
            content = json.loads(self._path.read_bytes())
            gaps = tuple(OpenGap(int(started_ns), str(cause)) for started_ns, cause in content["missing"])
            return RecordingState(int(content["channel_id"]), gaps, bool(content["over"]))
        except (FileNotFoundError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
            return None

    def alive_ns(self) -> int | None:
        """Return the last sign of life, of this file or a packet, in Unix nanoseconds; None if there is none."""
        files = [self._path] if self._path.exists() else []
        files += [path for _, path in journal_files(self._folder)]
        return max((path.stat().st_mtime_ns for path in files), default=None)
