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
    """Lengths are monotonic: the clock on the wall may be put right meanwhile."""

    def __init__(self) -> None:
        self._since: dict[What, tuple[float, OpenGap]] = {}

    def __contains__(self, what: What) -> bool:
        return what in self._since

    def open(self) -> tuple[OpenGap, ...]:
        """All that have not ended."""
        return tuple(gap for _, gap in self._since.values())

    def begin(self, what: What, now: float, gap: OpenGap) -> None:
        """``gap`` begins at ``now``. What is missing already goes on being so, for its first cause."""
        self._since.setdefault(what, (now, gap))

    def get(self, what: What) -> OpenGap | None:
        return self._since[what][1] if what in self._since else None

    def lasted(self, what: What, now: float) -> Gap | None:
        """As if it ended ``now``. None: nothing was missed."""
        if what not in self._since:
            return None
        began, gap = self._since[what]
        lasted_ns = round((now - began) * 1e9)
        if lasted_ns < PACKET_NS:
            return None
        return Gap(gap.started_ns, gap.started_ns + lasted_ns, gap.cause)

    def end(self, what: What, now: float) -> Gap | None:
        """It is there again. None: nothing was missed."""
        gap = self.lasted(what, now)
        self.forget(what)
        return gap

    def forget(self, what: What) -> None:
        """It is not told of here any more."""
        self._since.pop(what, None)
