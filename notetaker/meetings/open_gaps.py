"""The gaps of a meeting while they last."""

from enum import Enum, auto

from notetaker.model.transcript import Gap
from notetaker.recording.state import OpenGap

PACKET_NS = 20_000_000
"""Less than one packet of sound is no gap."""


class GapKind(Enum):
    """What keeps everyone's sound away; each independently of the others."""

    SESSION = auto()
    """There is no voice session."""
    DEAFENED = auto()
    """A moderator has deafened the bot."""
    DISK = auto()
    """The disk rejects writes."""
    PAUSE = auto()
    """Nobody is to be recorded."""


class OpenGaps:
    """At most one of each kind. ``now_ns`` is the meeting's time."""

    def __init__(self) -> None:
        self._gaps: dict[GapKind, OpenGap] = {}

    def __contains__(self, kind: GapKind) -> bool:
        return kind in self._gaps

    def all(self) -> tuple[OpenGap, ...]:
        return tuple(self._gaps.values())

    def get(self, kind: GapKind) -> OpenGap | None:
        return self._gaps.get(kind)

    def begin(self, kind: GapKind, gap: OpenGap) -> None:
        """Open a gap. One already open stays, with its first cause."""
        self._gaps.setdefault(kind, gap)

    def until(self, kind: GapKind, now_ns: int) -> Gap | None:
        """Return the gap as if it ended now; None if it is shorter than a packet."""
        gap = self._gaps.get(kind)
        if gap is None or now_ns - gap.started_ns < PACKET_NS:
            return None
        return Gap(gap.started_ns, now_ns, gap.cause)

    def end(self, kind: GapKind, now_ns: int) -> Gap | None:
        """Close the gap and return it; None if it is shorter than a packet."""
        gap = self.until(kind, now_ns)
        self.drop(kind)
        return gap

    def drop(self, kind: GapKind) -> None:
        """Forget the gap."""
        self._gaps.pop(kind, None)
