"""One run of sequence numbers: which have arrived, which were skipped, and whether a packet belongs to it.

A sender that restarts on the same SSRC begins a new run, anywhere: ahead, behind, or among numbers that have arrived.
Sequence numbers alone cannot tell that from a loss or from the network's reordering, so the clock has to agree: RTP
timestamps advance with the time that was lost (RFC 3550 section 5.1).
"""

from itertools import pairwise

WINDOW = 1024
"""Sequence numbers remembered behind the newest: 20 s of speech, far more than any reordering."""
SLOT = WINDOW - 1
"""Mask of a sequence number: its place in the window."""
TRUSTED = 16
"""Packets that tell whether a clock can be believed: timestamps that advance, nonces that count upwards."""
LATE_S = 3.0
"""A packet behind the newest that comes so long after it is of a sender that has restarted, unless it was sealed
before: networks reorder within some 100 ms."""
_TICKS_PER_S = 48_000
_LATE_TICKS = WINDOW * 960
"""By how much a sender's clock and the arrivals may disagree: many packets may wait for us at once."""
_FRAME_TICKS = 960
_SHORTEST_TICKS = 120
"""Opus frames take 20 ms, unless the sender chooses otherwise, and 2.5 ms at least (RFC 6716 section 2.1.4)."""
_PADDED = 1.28
"""Most packets that a stream sends for a frame, with padding in between."""
_BURST = 64
"""Most packets that take no time: servers send bursts of some 50 of padding (Discord.Net#3262). A number
as little ahead is the same sender's, whatever the clock says."""

Mark = tuple[int, int, bytes, bool]
"""Sequence number, timestamp, nonce suffix, and whether there is sound in it. The nonce is the transport cipher's
counter, which the server never uses twice under one key: only the same datagram has all of them again."""


class Numbering:
    """Positions are sequence numbers that count wraps. Those of two runs never overlap."""

    def __init__(self, mark: Mark, after: int, now: float) -> None:
        """Begin with a packet, at a position that is beyond ``after`` by more than a wrap."""
        self.first = self.newest = ((after >> 16) + 2 << 16) + mark[0]
        self.marks: list[Mark | None] = [None] * WINDOW
        """What arrived last in each place of the window."""
        self.marks[mark[0] & SLOT] = mark
        self.arrival = now
        """When the newest one arrived."""
        self.timestamp = mark[1]
        """Of the newest one with sound: the timestamps of padding may mean nothing."""

    def knows(self, mark: Mark) -> bool:
        """Return True for a datagram that has arrived before."""
        return self.marks[mark[0] & SLOT] == mark

    def steps(self, sequence: int) -> int:
        """Return how far a packet is ahead of the newest; negative: behind."""
        return _signed(sequence - self.newest, 16)

    def sealed_before(self, mark: Mark) -> bool:
        """Return True if the server has sealed a packet before the newest of this run."""
        newest = self.marks[self.newest & SLOT]
        return newest is not None and _signed(_count(mark[2]) - _count(newest[2]), 32) < 0

    def continues(self, mark: Mark, now: float) -> bool:
        """Return whether a packet belongs to this run: its number is new, and time has passed as numbers have."""
        steps = self.steps(mark[0])
        there = self.marks[mark[0] & SLOT]
        if steps <= -WINDOW or (there is not None and there[0] == mark[0]):
            return False
        elapsed = max(now - self.arrival, 0.0) * _TICKS_PER_S
        if steps < 0 and elapsed > LATE_S * _TICKS_PER_S and not self.sealed_before(mark):
            return False
        advances = self._advances()
        frame = max(min((one for one in advances if one > 0), default=_FRAME_TICKS), _SHORTEST_TICKS)
        if advances and (min(advances) < 0 or max(advances) == 0):  # its clock jumps about, or stands still
            return steps - 1 <= WINDOW + _PADDED * elapsed / _FRAME_TICKS
        if not mark[3] and abs(steps) <= _BURST:
            return True
        ticks = _signed(mark[1] - self.timestamp, 32)
        if steps < 0:
            return abs(ticks) <= _LATE_TICKS
        return 0 <= ticks <= _LATE_TICKS + elapsed and steps - 1 <= _BURST + _PADDED * ticks / frame

    def is_near(self, mark: Mark) -> bool:
        """Return whether a packet is a little ahead and was sealed later: then only the sender's clock has jumped."""
        return 0 < self.steps(mark[0]) <= _BURST and not self.sealed_before(mark)

    def counts_up(self) -> bool:
        """Return True if the server is seen to count its nonces upwards, but for packets that were overtaken."""
        last = self._last()
        upwards = [_signed(_count(after[2]) - _count(before[2]), 32) > 0 for before, after in pairwise(last)]
        return len(upwards) >= TRUSTED // 2 and sum(upwards) >= 0.75 * len(upwards)

    def leap(self, steps: int, mark: Mark, now: float) -> None:
        """Make a packet the newest, ``steps`` ahead: those in between have not arrived."""
        for position in range(max(self.newest + 1, self.newest + steps - WINDOW), self.newest + steps):
            self.marks[position & SLOT] = None
        self.newest += steps
        self.marks[mark[0] & SLOT] = mark
        self.arrival = now
        if mark[3]:
            self.timestamp = mark[1]

    def _advances(self) -> list[int]:
        """Return by how much the sender's clock has advanced between the last packets with sound."""
        last = [mark[1] for mark in self._last() if mark[3]]
        return [_signed(after - before, 32) for before, after in pairwise(last)]

    def _last(self) -> list[Mark]:
        """Return what has arrived of the last packets, by number."""
        marks = (self.marks[place & SLOT] for place in range(self.newest - TRUSTED + 1, self.newest + 1))
        return [mark for mark in marks if mark is not None]


def _signed(difference: int, bits: int) -> int:
    half = 1 << bits - 1
    return (difference + half & (half << 1) - 1) - half


def _count(nonce: bytes) -> int:
    return int.from_bytes(nonce, "big")
