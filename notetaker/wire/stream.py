"""One RTP stream: who it belongs to, what arrived, what is missing, and what is held."""

from collections import Counter, deque
from typing import NamedTuple

from notetaker.model.outcome import Outcome

WINDOW = 1024
"""Sequence numbers remembered behind the newest: 20 s of speech, far beyond any reordering seen."""
_MASK = (1 << WINDOW) - 1


class Held(NamedTuple):
    """A packet whose speaker or key is not known yet: transport-opened, stripped, still end-to-end encrypted."""

    sequence: int
    timestamp: int
    payload: bytes
    arrival: float
    refused: bool
    """A key was there and refused it: the reason to give when the deadline passes."""


class Stream:
    """The state of one SSRC within one voice session."""

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.user_id: int | None = None
        self.outcomes: Counter[Outcome] = Counter()
        self.held: deque[Held] = deque()
        self._first: int | None = None
        self._newest = 0  # extended: counts wraps
        self._seen = 0  # bit n: newest - n has arrived
        self._arrived = 0
        self._lost_earlier = 0
        self._restart_at: int | None = None

    def admit(self, sequence: int) -> Outcome | None:
        """Judges an authentic packet by its sequence number; None: it is new.

        Follows RFC 3550 appendix A.1 and the replay window of RFC 3711 section 3.3.2: a packet from behind the
        window is refused, unless a second one follows in sequence, for then the sender has started anew.
        """
        if self._first is None:
            self._start(sequence)
            return None
        ahead = (sequence - self._newest) & 0xFFFF
        if 0 < ahead < 0x8000:
            self._newest += ahead
            self._seen = ((self._seen << ahead) | 1) & _MASK
            self._arrived += 1
            return None
        behind = -ahead & 0xFFFF
        if behind >= WINDOW:
            if sequence == self._restart_at:
                self._lost_earlier = self.lost
                self._start(sequence)
                return None
            self._restart_at = (sequence + 1) & 0xFFFF
            return Outcome.REPLAY
        if self._seen >> behind & 1:
            return Outcome.DUPLICATE
        self._seen |= 1 << behind
        self._first = min(self._first, self._newest - behind)
        self._arrived += 1
        return None

    def _start(self, sequence: int) -> None:
        self._first = self._newest = sequence
        self._seen = 1
        self._arrived = 1
        self._restart_at = None

    def restart_counts(self) -> None:
        """Counts outcomes and losses from here on; the replay window stays."""
        self.outcomes.clear()
        self._lost_earlier -= self.lost

    @property
    def lost(self) -> int:
        """Packets that never arrived so far (RFC 3550 appendix A.3: expected less received)."""
        if self._first is None:
            return self._lost_earlier
        lost = self._lost_earlier + self._newest - self._first + 1 - self._arrived
        return max(lost, 0)  # a packet from before restart_counts may come after it
