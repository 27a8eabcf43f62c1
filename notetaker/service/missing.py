"""The stretches of a meeting that nobody hears, while they last."""

from enum import Enum, auto

from notetaker.model.transcript import Gap
from notetaker.recording.state import OpenGap

PACKET_NS = 20_000_000
"""Less than one packet of sound is no gap."""


class What(Enum):
    """What is missing. Each may be so independently of the others."""

    SESSION = auto()
    """There is no voice session."""
    HEARING = auto()
    """A moderator has deafened us."""
    DISK = auto()
    """The disk takes nothing."""


class Missing:
    def __init__(self) -> None:
        self._since: dict[What, OpenGap] = {}

    def __contains__(self, what: What) -> bool:
        return what in self._since

    def get(self, what: What) -> OpenGap | None:
        return self._since.get(what)

    def open(self) -> tuple[OpenGap, ...]:
        """All that have not ended."""
        return tuple(self._since.values())

    def begin(self, what: What, started_ns: int, cause: str) -> None:
        """What is missing already goes on being so, for its first cause."""
        self._since.setdefault(what, OpenGap(started_ns, cause))

    def end(self, what: What, ended_ns: int) -> Gap | None:
        """It is there again. None: nothing was missed."""
        since = self._since.pop(what, None)
        if since is None or ended_ns - since.started_ns < PACKET_NS:
            return None
        return Gap(since.started_ns, ended_ns, since.cause)
