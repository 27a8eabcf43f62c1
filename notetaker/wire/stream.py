"""One RTP stream: its speaker, what arrived, what was lost, and what is held."""

from collections import Counter, deque
from typing import NamedTuple

from notetaker.model.outcome import Outcome
from notetaker.wire.losses import END, FRAME_S, SETTLE_S, Loss, Losses
from notetaker.wire.numbering import SLOT, WINDOW, Mark, Numbering


class Screen(NamedTuple):
    """Whose packets are taken."""

    unwanted: frozenset[int]
    only: frozenset[int] | None
    """The only ones whose packets are taken; None: there are others."""

    def refuses(self, user_id: int | None) -> bool:
        """Return whether somebody's packets are not taken. Those of who is not known yet wait."""
        if user_id is None:
            return False
        return user_id in self.unwanted or (self.only is not None and user_id not in self.only)


EVERYONE = Screen(frozenset(), None)


class Held(NamedTuple):
    """A packet without a speaker or key so far: transport cipher opened, stripped, still end-to-end encrypted."""

    sequence: int
    timestamp: int
    payload: bytes
    arrival: float
    refused: bool
    """A key was there and did not decrypt it. Decides the outcome when the deadline passes."""
    screen: Screen
    """Whose packets were taken when it arrived."""


class Stream:
    """The state of one SSRC within one voice session.

    It adds itself to ``unsettled`` when something is lost, and leaves it when everything has been reported.
    """

    def __init__(self, ssrc: int, unsettled: set["Stream"]) -> None:
        self.ssrc = ssrc
        self.user_id: int | None = None
        self.named_at = 0.0
        self.refused = False  # its packets are not taken
        self.outcomes: Counter[Outcome] = Counter()
        self.held: deque[Held] = deque()
        self.losses = Losses()
        self._unsettled = unsettled
        self._run: Numbering | None = None
        self._other: Numbering | None = None  # the run before, whose last packets may still come
        self._restart_at: int | None = None
        self._counts_up = False  # the server counts nonces upwards, so what was sealed earlier is never new

    def admit(self, mark: Mark, now: float) -> Outcome | None:
        """Check an authentic packet. Return None if it is new, else its outcome.

        Follows RFC 3550 appendix A.1 and the replay window of RFC 3711 section 3.3.2, except that the nonce tells a
        sender that has restarted from a replay. Where it counts otherwise than we think, the second packet tells.
        """
        run = self._run
        if run is None:
            self._run = Numbering(mark, 0, now)
            return None
        sequence = mark[0]
        if (sequence - run.newest) & 0xFFFF != 1:
            return self._place(run, mark, now)
        run.newest += 1
        run.marks[sequence & SLOT] = mark
        run.arrival = now
        if mark[3]:
            run.timestamp = mark[1]
        return None

    def let_pass(self, mark: Mark, now: float) -> None:
        """Follow a packet that is not taken: what is missing before it is no loss."""
        newest = self._run
        if newest is not None and (mark[0] - newest.newest) & 0xFFFF == 1:
            newest.leap(1, mark, now)
            return
        runs = self._runs(now)
        if any(run.knows(mark) for run in runs):
            return
        run = next((run for run in runs if run.continues(mark, now)), None)
        if run is None:
            self._run, self._other = (
                Numbering(mark, max((run.newest for run in runs), default=0), now),
                self._run,
            )
        else:
            run.leap(max(run.steps(mark[0]), 0), mark, now)

    def continues(self, mark: Mark, now: float) -> bool:
        """Return whether a packet is one more of what has arrived so far, or one of it again."""
        runs = self._runs(now)
        return any(run.knows(mark) or run.continues(mark, now) for run in runs)

    def _runs(self, now: float) -> list[Numbering]:
        """Return the sender's run of numbers, and the one before while its last packets may still come."""
        if self._other is not None and self._other.arrival + SETTLE_S < now:
            self._other = None
        return [run for run in (self._run, self._other) if run is not None]

    def _place(self, current: Numbering, mark: Mark, now: float) -> Outcome | None:
        """Find the run to which a packet belongs that is not the next one. If there is none, another one begins."""
        runs = self._runs(now)
        if any(run.knows(mark) for run in runs):
            return Outcome.DUPLICATE
        nearest = sorted(runs, key=lambda run: abs(run.steps(mark[0])))
        run = next((run for run in nearest if run.continues(mark, now)), None)
        self._counts_up = self._counts_up or current.counts_up()
        if run is None and current.is_near(mark):
            run = current
        if run is None:
            if current.sealed_before(mark) and (self._counts_up or mark[0] != self._restart_at):
                self._restart_at = (mark[0] + 1) & 0xFFFF
                return Outcome.REPLAY
            self._run, self._other = Numbering(mark, max(run.newest for run in runs), now), current
        elif (steps := run.steps(mark[0])) < 0:
            self._take_late(run, run.newest + steps, mark, now)
        else:
            if steps > 1:
                self._skip(run.newest + 1, run.newest + steps - 1, run.arrival, now)
            run.leap(steps, mark, now)
            if run is not current:
                self._run, self._other = run, current
        return None

    def _take_late(self, run: Numbering, position: int, mark: Mark, now: float) -> None:
        run.marks[mark[0] & SLOT] = mark
        if position >= run.first:
            self.losses.fill(position)
            return
        between = run.first - position - 1
        if between:
            self._skip(position + 1, run.first - 1, now - between * FRAME_S, now)
        run.first = position

    @property
    def arrived_at(self) -> float:
        """When the newest packet arrived; minus infinity before the first."""
        return -END if self._run is None else self._run.arrival

    def retire(self) -> None:
        """Forget what is only needed for packets to come."""
        self._run = self._other = None

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
        self.forget_losses()
        for run in (self._run, self._other):
            if run is not None:
                run.first = run.newest - WINDOW  # what is not there yet was lost before

    def forget_losses(self) -> None:
        """Take nothing that is missing so far for a loss."""
        self.losses = Losses()
        self._unsettled.discard(self)

    @property
    def lost(self) -> int:
        """Number of packets that never arrived."""
        return self.losses.never_arrived
