"""Sound that was lost, in stretches that a reader can be told of.

A hole in the sequence numbers may still be filled, by packets that were overtaken on the way: it counts once it has
had time for that. Losses of one kind that lie close together are one stretch, which is told when it grows no more.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass, replace

from notetaker.model.outcome import Outcome

FRAME_S = 0.02
"""The sound in one packet."""
SETTLE_S = 1.0
"""How late a packet may come and still fill its hole; networks that reorder do so within some 100 ms."""
JOIN_S = 1.0
"""Losses less than this apart are one stretch."""
REPORTED_PACKETS = 3
"""Fewer are counted and not reported: Opus conceals a loss of 40 ms (RFC 6716 section 4.4)."""
END = math.inf
"""The time at which everything settles."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A stretch in which sound of one speaker was lost."""

    user_id: int
    """0: nobody has claimed the stream so far."""
    started: float
    """Monotonic seconds: when the last packet before it arrived."""
    ended: float
    """Monotonic seconds: when the first packet behind it arrived."""
    packets: int
    """How many were lost: the speaker may have paused for a part of the time."""
    outcome: Outcome | None
    """What became of them; None: they never arrived."""


@dataclass(slots=True)
class _Hole:
    first: int
    last: int
    missing: int
    started: float
    ended: float


@dataclass(slots=True)
class _Stretch:
    loss: Loss
    grown: float


class Losses:
    """What is missing from one stream, and has not been told yet."""

    def __init__(self) -> None:
        self._settled = 0
        self._lowest = END  # sequence number that was ever missing
        self._holes: list[_Hole] = []  # by sequence number
        self._growing: dict[Outcome | None, _Stretch] = {}
        self._complete: list[Loss] = []

    @property
    def never_arrived(self) -> int:
        """Packets, so far."""
        return self._settled + sum(hole.missing for hole in self._holes)

    @property
    def due(self) -> float:
        """When ``settle`` has something to do; ``END`` when nothing is missing."""
        return min(
            min((hole.ended for hole in self._holes), default=END) + SETTLE_S,
            min((stretch.grown for stretch in self._growing.values()), default=END) + JOIN_S,
        )

    def open_hole(self, first: int, last: int, started: float, ended: float) -> None:
        """``first`` to ``last``, extended sequence numbers, have not arrived."""
        self._lowest = min(self._lowest, first)
        hole = _Hole(first, last, last - first + 1, started, ended)
        self._holes.insert(bisect_right(self._holes, first, key=_first), hole)

    def fill(self, position: int) -> None:
        """One of them has arrived after all. If that is known too late for its stretch, it only counts no more."""
        index = bisect_right(self._holes, position, key=_first) - 1
        if index < 0 or position > self._holes[index].last:
            self._settled -= position >= self._lowest  # else it was missing before anything was counted
            return
        self._holes[index].missing -= 1
        if not self._holes[index].missing:
            del self._holes[index]

    def given_up(self, outcome: Outcome, arrival: float, now: float) -> None:
        """A packet did arrive, and could not be opened."""
        self._grow(Loss(0, arrival, arrival + FRAME_S, 1, outcome), now)

    def renounce(self, now: float) -> None:
        """Nobody will fill the holes any more."""
        self._settle(self._holes, now)
        self._holes = []

    def settle(self, user_id: int, now: float) -> list[Loss]:
        """The stretches, of ``user_id``, that grow no more and are worth telling."""
        self._settle([hole for hole in self._holes if hole.ended + SETTLE_S <= now], now)
        self._holes = [hole for hole in self._holes if hole.ended + SETTLE_S > now]
        for outcome, stretch in [*self._growing.items()]:
            if stretch.grown + JOIN_S <= now:
                self._complete.append(self._growing.pop(outcome).loss)
        complete, self._complete = self._complete, []
        return [replace(loss, user_id=user_id) for loss in complete if loss.packets >= REPORTED_PACKETS]

    def _settle(self, holes: list[_Hole], now: float) -> None:
        for hole in holes:
            self._settled += hole.missing
            self._grow(Loss(0, hole.started, hole.ended, hole.missing, None), now)

    def _grow(self, loss: Loss, now: float) -> None:
        stretch = self._growing.get(loss.outcome)
        if stretch is not None and loss.started < stretch.loss.ended + JOIN_S:
            loss = replace(
                loss,
                started=min(stretch.loss.started, loss.started),
                ended=max(stretch.loss.ended, loss.ended),
                packets=stretch.loss.packets + loss.packets,
            )
        elif stretch is not None:
            self._complete.append(stretch.loss)
        self._growing[loss.outcome] = _Stretch(loss, now)


def _first(hole: _Hole) -> int:
    return hole.first
