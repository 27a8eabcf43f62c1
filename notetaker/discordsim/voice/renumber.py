"""Sequence numbers of one stream to one receiver, into which the SFU inserts packets of its own."""

from random import Random

SHIFTS_KEPT = 8
"""Insertions remembered, for packets that come late."""


class Renumbering:
    """Moves sequence numbers up to make room for inserted padding-only packets.

    Losses and the order of the sender's own packets stay as they were.
    """

    def __init__(self) -> None:
        self._newest: int | None = None
        """Counted without the wrap at 65536."""
        self._shifts: list[tuple[float, int]] = [(float("-inf"), 0)]
        """(sequence number, how much to add to those after it)."""
        self._restarted_by = 0
        self.ticks = 0
        """How much to add to timestamps."""

    def restart(self, random: Random) -> None:
        """Go on at any number and time, as a sender that begins anew on the same SSRC (RFC 3550 section 5.1)."""
        self._restarted_by = random.getrandbits(16)
        self.ticks = random.getrandbits(32)

    def outgoing(self, sequence: int) -> tuple[int, bool]:
        """Return the new number of a sender's packet, and whether it is the newest of the stream."""
        if self._newest is None:
            extended = sequence
        else:
            extended = self._newest + ((sequence - self._newest + 0x8000) & 0xFFFF) - 0x8000
        newest = self._newest is None or extended > self._newest
        if newest:
            self._newest = extended
        shift = next(shift for after, shift in reversed(self._shifts) if extended > after)
        return (extended + shift + self._restarted_by) & 0xFFFF, newest

    def insert(self, count: int) -> list[int]:
        """Return numbers for ``count`` packets right after the newest one."""
        assert self._newest is not None, "nothing to insert behind"
        shift = self._shifts[-1][1]
        if self._shifts[-1][0] == self._newest:
            self._shifts.pop()
        self._shifts = [self._shifts[0], *self._shifts[1:][-SHIFTS_KEPT:], (self._newest, shift + count)]
        first = self._newest + shift + self._restarted_by + 1
        return [(first + i) & 0xFFFF for i in range(count)]
