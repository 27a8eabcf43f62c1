"""Sequence numbers of one stream to one receiver, into which the SFU inserts packets of its own."""

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
        return (extended + shift) & 0xFFFF, newest

    def insert(self, count: int) -> list[int]:
        """Return numbers for ``count`` packets right after the newest one."""
        assert self._newest is not None, "nothing to insert behind"
        shift = self._shifts[-1][1]
        if self._shifts[-1][0] == self._newest:
            self._shifts.pop()
        self._shifts = [self._shifts[0], *self._shifts[1:][-SHIFTS_KEPT:], (self._newest, shift + count)]
        return [(self._newest + shift + 1 + i) & 0xFFFF for i in range(count)]
