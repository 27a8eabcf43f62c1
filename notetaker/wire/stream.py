"""One RTP stream: its speaker, what arrived, what was lost, and what is held."""

from collections import Counter, deque
from typing import NamedTuple

from notetaker.model.outcome import Outcome
from notetaker.wire.losses import END, FRAME_S, Loss, Losses

WINDOW = 1024
"""Sequence numbers remembered behind the newest: 20 s of speech, far more than any reordering."""
_MASK = (1 << WINDOW) - 1
_MOST_PER_S = 100
"""Most packets that a stream sends in a second: 50 of audio, with padding in between."""


class Held(NamedTuple):
    """A packet without a speaker or key so far: transport cipher opened, stripped, still end-to-end encrypted."""

    sequence: int
    timestamp: int
    payload: bytes
    arrival: float
    refused: bool
    """A key was there and did not decrypt it. Decides the outcome when the deadline passes."""


class Stream:
    """The state of one SSRC within one voice session.

    It adds itself to ``unsettled`` when something is lost, and leaves it when everything has been reported.
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
        """Check the sequence number of an authentic packet. Return None if it is new, else its outcome.

        Follows RFC 3550 appendix A.1 and the replay window of RFC 3711 section 3.3.2: a packet from behind the
        window is refused, unless a second one follows in sequence, which means that the sender has restarted.
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
            self._skip(position + 1, self._first - 1, now - between * FRAME_S, now)
        self._first = position
        return None

    def _leap(self, ahead: int, now: float) -> None:
        """Skip ahead. When more was skipped than can have been sent, the sender has restarted.

        A whole window may be lost at once, when many packets waited for us and there was no room for all.
        """
        if ahead - 1 > WINDOW + _MOST_PER_S * (now - self._arrival):
            self._start(self._newest + ahead, now)
            return
        self._skip(self._newest + 1, self._newest + ahead - 1, self._arrival, now)
        self._newest += ahead
        self._seen = ((self._seen << ahead) | 1) & _MASK
        self._arrival = now

    def _start(self, sequence: int, now: float) -> None:
        self.losses.settle_skipped(now)
        self._first = self._newest = sequence
        self._seen = 1
        self._arrival = now
        self._restart_at = None

    def _skip(self, first: int, last: int, started: float, ended: float) -> None:
        self.losses.skip(first, last, started, ended)
        self._unsettled.add(self)

    def give_up(self, packet: Held, now: float, early_until: float) -> None:
        """Count a packet that could not be opened in time. It is no loss if it came too early to be for us."""
        if packet.refused and packet.arrival < early_until:
            self.outcomes[Outcome.EARLY] += 1
            return
        outcome = Outcome.UNDECRYPTABLE if packet.refused else Outcome.HELD_TOO_LONG
        self.outcomes[outcome] += 1
        self.losses.given_up(outcome, packet.arrival, now)
        self._unsettled.add(self)

    def settle(self, now: float) -> list[Loss]:
        """Return the losses that can be reported at ``now``."""
        losses = self.losses.settle(self.user_id or 0, now)
        if self.losses.due == END:
            self._unsettled.discard(self)
        return losses

    def restart_counts(self) -> None:
        """Count outcomes and losses from here on. The replay window stays."""
        self.outcomes.clear()
        self.losses = Losses()
        self._unsettled.discard(self)
        if self._first is not None:
            self._first = self._newest - WINDOW  # what is not there yet was lost before

    @property
    def lost(self) -> int:
        """Number of packets that never arrived."""
        return self.losses.never_arrived
