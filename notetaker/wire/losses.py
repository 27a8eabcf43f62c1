"""Packets that were lost, joined into losses that are worth reporting.

Sequence numbers that were skipped may still arrive, overtaken on the way: they count as lost once they have had time
for that. Losses of one kind that lie close together are one loss, which is reported when it has stopped growing.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass, replace

from notetaker.model.outcome import Outcome

FRAME_S = 0.02
"""Seconds of audio in one packet."""
SETTLE_S = 1.0
"""How late a packet may arrive without counting as lost. Networks reorder within some 100 ms."""
JOIN_S = 1.0
"""Losses closer together than this are one."""
REPORTED_PACKETS = 3
"""Shorter losses are counted but not reported: Opus conceals 40 ms (RFC 6716 section 4.4)."""
END = math.inf
"""A time at which everything settles."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Lost packets of one speaker."""

    user_id: int
    """0 while the stream has no name."""
    started: float
    """When the last packet before it arrived, or earlier, if that one came late: monotonic seconds."""
    ended: float
    """When the first packet after it arrived, monotonic seconds."""
    packets: int
    """How many were lost. The speaker may have paused for part of the time."""
    outcome: Outcome | None
    """What became of them, or None: they never arrived."""


@dataclass(slots=True)
class _Skipped:
    first: int
    last: int
    left: int
    started: float
    ended: float


@dataclass(slots=True)
class _Growing:
    loss: Loss
    grown: float


class Losses:
    """Losses of one stream that have not been reported yet."""

    def __init__(self) -> None:
        self._settled = 0
        self._lowest = END  # sequence number that was ever skipped
        self._skipped: list[_Skipped] = []  # by sequence number
        self._growing: dict[Outcome | None, _Growing] = {}
        self._complete: list[Loss] = []

    @property
    def never_arrived(self) -> int:
        """Number of packets that have not arrived so far."""
        return self._settled + sum(skipped.left for skipped in self._skipped)

    @property
    def due(self) -> float:
        """When ``settle`` has something to do; ``END`` when nothing is lost."""
        return min(
            min((skipped.ended for skipped in self._skipped), default=END) + SETTLE_S,
            min((growing.grown for growing in self._growing.values()), default=END) + JOIN_S,
        )

    def skip(self, first: int, last: int, started: float, ended: float) -> None:
        """Note that ``first`` to ``last``, extended sequence numbers, have not arrived between two that have.

        After a stall both may arrive at once; but what was lost had been said before ``ended``, and took its time.
        """
        self._lowest = min(self._lowest, first)
        packets = last - first + 1
        skipped = _Skipped(first, last, packets, min(started, ended - packets * FRAME_S), ended)
        self._skipped.insert(bisect_right(self._skipped, first, key=_first), skipped)

    def fill(self, position: int) -> None:
        """Note that one of them has arrived after all. A loss that has settled only loses it from its count."""
        index = bisect_right(self._skipped, position, key=_first) - 1
        if index < 0 or position > self._skipped[index].last:
            self._settled -= position >= self._lowest  # else it was skipped before anything was counted
            return
        self._skipped[index].left -= 1
        if not self._skipped[index].left:
            del self._skipped[index]

    def given_up(self, outcome: Outcome, arrival: float, now: float) -> None:
        """Note that a packet arrived but could not be opened."""
        self._grow(Loss(0, arrival, arrival + FRAME_S, 1, outcome), now)

    def settle(self, user_id: int, now: float) -> list[Loss]:
        """Return the losses that have stopped growing and are worth reporting, as those of ``user_id``."""
        self._settle([skipped for skipped in self._skipped if skipped.ended + SETTLE_S <= now], now)
        self._skipped = [skipped for skipped in self._skipped if skipped.ended + SETTLE_S > now]
        for outcome, growing in [*self._growing.items()]:
            if growing.grown + JOIN_S <= now:
                self._complete.append(self._growing.pop(outcome).loss)
        complete, self._complete = self._complete, []
        return [replace(loss, user_id=user_id) for loss in complete if loss.packets >= REPORTED_PACKETS]

    def _settle(self, settled: list[_Skipped], now: float) -> None:
        for skipped in settled:
            self._settled += skipped.left
            self._grow(Loss(0, skipped.started, skipped.ended, skipped.left, None), now)

    def _grow(self, loss: Loss, now: float) -> None:
        growing = self._growing.get(loss.outcome)
        if growing is not None and loss.started < growing.loss.ended + JOIN_S:
            loss = replace(
                loss,
                started=min(growing.loss.started, loss.started),
                ended=max(growing.loss.ended, loss.ended),
                packets=growing.loss.packets + loss.packets,
            )
        elif growing is not None:
            self._complete.append(growing.loss)
        self._growing[loss.outcome] = _Growing(loss, now)


def _first(skipped: _Skipped) -> int:
    return skipped.first
