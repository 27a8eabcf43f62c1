"""What a recording leaves beside its journal, for the case that its process ends: that it was alive, and what it
was not hearing.

``<meeting folder>/journal/state.json``; the file's modification time is the last sign of life, because nobody may
have spoken for a long time. It goes when the journal goes.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from notetaker.recording.journal import journal_files


class OpenGap(NamedTuple):
    """A stretch in which nobody is heard, and which has not ended."""

    started_ns: int
    """Unix nanoseconds."""
    cause: str


@dataclass(frozen=True, slots=True)
class RecordingState:
    channel_id: int
    """The voice channel in which the recording goes on: the bot may have been moved."""
    missing: tuple[OpenGap, ...] = ()
    over: bool = False
    """People have ended the meeting."""


class StateFile:
    """For one thread at a time. All methods raise OSError."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is the meeting's."""
        self._folder = folder
        self._path = folder / "journal" / "state.json"
        self._written: RecordingState | None = None

    def keep(self, state: RecordingState) -> None:
        """Writes what has changed, and gives a sign of life."""
        if state == self._written:
            os.utime(self._path)
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = {"channel_id": state.channel_id, "missing": state.missing, "over": state.over}
        part = self._path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(content))
        part.replace(self._path)  # whole, or not at all
        self._written = state

    def read(self) -> RecordingState | None:
        """None: there is none, or a power loss has left nothing readable of it."""
        try:
            content = json.loads(self._path.read_bytes())
            missing = tuple(OpenGap(int(started_ns), str(cause)) for started_ns, cause in content["missing"])
            return RecordingState(int(content["channel_id"]), missing, bool(content["over"]))
        except (FileNotFoundError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
            return None

    def alive_ns(self) -> int | None:
        """The last sign of life, Unix nanoseconds: of this file, or a packet's. None: there has been none."""
        files = [self._path] if self._path.exists() else []
        files += [path for _, path in journal_files(self._folder)]
        return max((path.stat().st_mtime_ns for path in files), default=None)
