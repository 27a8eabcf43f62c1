"""Reads voice traces back from their folder, even damaged ones."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from notetaker.model.failure import ABNORMAL, DeadPath, Failure, Step
from notetaker.voice.trace.text import SUFFIX

SUCCESS = "established"
"""First word of the outcome of a successful attempt."""
STEPS = frozenset(Step) - {Step.ENDED}
"""Where a connection may fail. ENDED does not say where that was."""
PAIR = frozenset({Step.VOICE_STATE_UPDATE, Step.VOICE_SERVER_UPDATE})


@dataclass(slots=True)
class Recorded:
    """One trace."""

    path: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    damaged: int = 0
    """Lines that could not be read."""

    @property
    def head(self) -> dict[str, Any]:
        """The line about the attempt itself; empty if it could not be read."""
        return next((line for line in self.lines if line.get("event") == "attempt"), {})

    @property
    def outcome(self) -> str | None:
        """The outcome, or None if the attempt is still under way or the process died before its end."""
        return next((str(line.get("outcome")) for line in self.lines if line.get("event") == "end"), None)

    @property
    def established(self) -> bool:
        return self.outcome is not None and self.outcome.startswith(SUCCESS)

    def failure(self) -> Failure | None:
        """Return how the attempt failed or how the session ended later; None if neither happened."""
        if self.outcome is None:
            return None
        progress = _Progress()
        for line in self.lines:
            if line.get("event") == "end" and not self.established:
                break
            progress.see(line)
        return None if self.established and not progress.lost else progress.failure()


def latest(folder: Path, limit: int, guild_id: int | None = None) -> list[Recorded]:
    """Return the last traces of one guild or of all, oldest first. Raises ``OSError``."""
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    ending = SUFFIX if guild_id is None else f"-{guild_id}{SUFFIX}"
    return [_read(path) for path in [path for path in paths if path.name.endswith(ending)][-limit:]]


def _read(path: Path) -> Recorded:
    recorded = Recorded(path)
    for text in filter(str.strip, path.read_text(encoding="utf-8", errors="replace").split("\n")):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if isinstance(line, dict):
            recorded.lines.append(line)
        else:
            recorded.damaged += 1
    return recorded


class _Progress:
    """How far a connection got, according to the lines of its trace."""

    def __init__(self) -> None:
        self.lost = False
        """True when the websocket is gone and has not been replaced."""
        self._step = Step.GATEWAY
        self._code: int | None = None
        self._path: DeadPath | None = None
        self._awaited: set[Step] = set()

    def see(self, line: dict[str, Any]) -> None:
        event = line.get("event")
        match event:
            case "op 4" if line.get("channel") is not None:
                self._step, self._awaited = Step.CREDENTIALS, set(PAIR)
            case "VOICE_STATE_UPDATE" if line.get("channel") is not None:
                self._awaited.discard(Step.VOICE_STATE_UPDATE)
            case "VOICE_SERVER_UPDATE" if line.get("endpoint") is not None:
                self._awaited.discard(Step.VOICE_SERVER_UPDATE)
            case "websocket opening" if self._step is not Step.RESUME:
                self._step = Step.CONNECT
            case "step" if str(line.get("name")) in STEPS:
                self._step = Step(str(line["name"]))
            case "websocket closed" | "websocket failed":
                self.lost = True
                code = line.get("code")
                cut = event == "websocket closed" and code is None
                self._code = ABNORMAL if cut else code if isinstance(code, int) else None
            case "path dead" if line.get("cause") in frozenset(DeadPath):
                self._path = DeadPath(line["cause"])
            case "ended":
                self.lost |= self._path is not None
            case "resuming":
                self.lost, self._code = True, None
            case "established" | "resumed":
                self._step, self._code, self.lost = Step.ESTABLISHED, None, False

    def failure(self) -> Failure:
        if self._step is Step.CREDENTIALS and len(self._awaited) == 1:
            return Failure(next(iter(self._awaited)))
        if self._path is not None:
            return Failure(self._step, path=self._path)
        return Failure(self._step, self._code)
