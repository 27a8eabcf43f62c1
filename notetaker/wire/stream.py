"""One RTP stream: who it belongs to, what arrived, what is missing, and what is held."""

from collections import Counter, deque
from typing import NamedTuple

from notetaker.model.outcome import Outcome
from notetaker.wire.losses import END, FRAME_S, Loss, Losses

WINDOW = 1024
"""Sequence numbers remembered behind the newest: 20 s of speech, far beyond any reordering seen."""
_MASK = (1 << WINDOW) - 1
_MOST_PER_S = 100
"""Packets that a stream sends in a second at most: 50 of sound, and padding in between."""


class Held(NamedTuple):
    """A packet whose speaker or key is not known yet: transport-opened, stripped, still end-to-end encrypted."""

    sequence: int
    timestamp: int
    payload: bytes
    arrival: float
    refused: bool
    """A key was there and refused it: the reason to give when the deadline passes."""


class Stream:
    """The state of one SSRC within one voice session.

    It puts itself into ``unsettled`` when something is lost, and leaves it once all of that has been told.
    """

    def __init__(self, ssrc: int, unsettled: set["Stream"]) -> None:
        self.ssrc = ssrc
        self.user_id: int | None = None
        self.outcomes: Counter[Outcome] = Counter()
        self.held: deque[Held] = deque()
        self.losses = Losses()
        self._unsettled = unsettled
        self._first: int | None = None
        self._newest = 0  # extended: counts wraps
        self._seen = 0  # bit n: newest - n has arrived
        self._arrival = 0.0  # of the newest
        self._restart_at: int | None = None

    def admit(self, sequence: int, now: float) -> Outcome | None:
        """Judges an authentic packet by its sequence number; None: it is new.

        Follows RFC 3550 appendix A.1 and the replay window of RFC 3711 section 3.3.2: a packet from behind the
        window is refused, unless a second one follows in sequence, for then the sender has started anew.
        """
        if self._first is None:
            self._start(sequence, now)
            return None
        ahead = (sequence - self._newest) & 0xFFFF
        if ahead == 1:  # nearly always
            self._newest += 1
            self._seen = ((self._seen << 1) | 1) & _MASK
            self._arrival = now
            return None
        if 0 < ahead < 0x8000:
            self._leap(ahead, now)
            return None
        behind = -ahead & 0xFFFF
        if behind >= WINDOW:
            if sequence == self._restart_at:
                self._start(sequence, now)
                return None
            self._restart_at = (sequence + 1) & 0xFFFF
            return Outcome.REPLAY
        if self._seen >> behind & 1:
            return Outcome.DUPLICATE
        self._seen |= 1 << behind
        position = self._newest - behind
        if position >= self._first:
            self.losses.fill(position)
            return None
        between = self._first - position - 1
        if between:
            self._lack(position + 1, self._first - 1, now - between * FRAME_S, now)
        self._first = position
        return None

    def _leap(self, ahead: int, now: float) -> None:
        """Packets are missing; more than can have been sent since the last one: the sender has started anew.

        A window's worth may be missing at once, when many packets waited for us and some of them had no room.
        """
        if ahead - 1 > WINDOW + _MOST_PER_S * (now - self._arrival):
            self._start(self._newest + ahead, now)
            return
        self._lack(self._newest + 1, self._newest + ahead - 1, self._arrival, now)
        self._newest += ahead
        self._seen = ((self._seen << ahead) | 1) & _MASK
        self._arrival = now

    def _start(self, sequence: int, now: float) -> None:
        self.losses.renounce(now)
        self._first = self._newest = sequence
        self._seen = 1
        self._arrival = now
        self._restart_at = None

    def _lack(self, first: int, last: int, started: float, ended: float) -> None:
        self.losses.open_hole(first, last, started, ended)
        self._unsettled.add(self)

    def give_up(self, packet: Held, now: float) -> None:
        """It could not be opened, and there is no time left to wait."""
        outcome = Outcome.UNDECRYPTABLE if packet.refused else Outcome.HELD_TOO_LONG
        self.outcomes[outcome] += 1
        self.losses.given_up(outcome, packet.arrival, now)
        self._unsettled.add(self)

    def settle(self, now: float) -> list[Loss]:
        """The losses that can be told at ``now``."""
        losses = self.losses.settle(self.user_id or 0, now)
        if self.losses.due == END:
            self._unsettled.discard(self)
        return losses

    def restart_counts(self) -> None:
        """Counts outcomes and losses from here on; the replay window stays."""
        self.outcomes.clear()
        self.losses = Losses()
        self._unsettled.discard(self)
        if self._first is not None:
            self._first = self._newest - WINDOW  # what is missing before here was missing before

    @property
    def lost(self) -> int:
        """Packets that never arrived so far: holes in the sequence numbers."""
        return self.losses.never_arrived
