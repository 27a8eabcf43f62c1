"""When a datagram arrived: the kernel's stamp, in monotonic seconds.

A datagram may wait in the socket while the process or its host stands still. The kernel stamps it as it comes in
(``SO_TIMESTAMPNS``, Documentation/networking/timestamping.rst), by the wall clock, which may be set meanwhile.
"""

import socket
import struct
import time
from collections.abc import Callable, Sequence

SO_TIMESTAMPNS = 35
"""Linux, include/uapi/asm-generic/socket.h."""
SPACE = socket.CMSG_SPACE(16)
"""Bytes for the ancillary data of one stamp."""
STEP_NS = 10_000_000
"""Wall and monotonic clock run at one rate; if they part further than this, the wall clock has been set."""

_STEP_S = STEP_NS / 1e9
_TIMESPEC = struct.Struct("@ll")


def enable_stamps(sock: socket.socket) -> bool:
    """Have the kernel stamp what the socket receives. Return False if it cannot."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


class ArrivalClock:
    """Knows the time, and between which two moments the next datagram arrived."""

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, wall_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._monotonic = monotonic
        self._wall_ns = wall_ns
        self.since = monotonic()
        """What arrived earlier has been read, monotonic seconds."""
        self.now = self.since
        """When ``look`` was called last."""
        # Now, and before it was set last.
        self._offset_ns = self._before_ns = wall_ns() - round(self.now * 1e9)

    def look(self) -> float:
        """Look at the clocks, and return the monotonic time."""
        self.now = self._monotonic()
        offset_ns = self._wall_ns() - round(self.now * 1e9)
        if abs(offset_ns - self._offset_ns) > STEP_NS:
            self._before_ns = self._offset_ns
        self._offset_ns = offset_ns
        return self.now

    def arrival(self, ancillary: Sequence[tuple[int, int, bytes]]) -> float:
        """Return when the datagram with this ancillary data arrived: not before ``since``, and not after ``now``.

        Without a stamp, that is now.
        """
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS) and len(data) == _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack(data)
                self.since = self._arrival(seconds * 1_000_000_000 + nanoseconds)
                return self.since
        self.since = self.now
        return self.now

    def _arrival(self, stamp_ns: int) -> float:
        """By the wall clock as it is, or as it was before it was set, whichever makes sense.

        Both clocks are not read at one instant, and a datagram may come in while others are read.
        """
        for offset_ns in (self._offset_ns, self._before_ns, self._offset_ns):
            at = (stamp_ns - offset_ns) / 1e9
            if self.since - _STEP_S <= at <= self.now + _STEP_S:
                break
        return min(max(at, self.since), self.now)
