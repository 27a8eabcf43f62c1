"""Put an RTP stream's packets back into the order in which they were sent.

Source: RFC 3550 appendix A.1 (sequence numbers extended over their wraps, restarts told from reordering).
"""

import heapq
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar


class Numbered(Protocol):
    @property
    def sequence(self) -> int:
        """The RTP sequence number, which wraps at 2^16."""

    @property
    def arrival_ns(self) -> int:
        """Unix nanoseconds."""


P = TypeVar("P", bound=Numbered)

WINDOW = 1024
"""How many packets a late one may be behind the newest: 20 s of speech. A sender further behind has restarted ..."""
LATE_NS = 3_000_000_000
"""... and so has one whose packet comes so long after the newest. Networks reorder within some 100 ms, and what the
receiver has held may claim an arrival that is 2.5 s late (``utterances.Cutter.earliest``)."""


class Reorder(Generic[P]):
    """Takes one SSRC's packets as they were written, and returns all of them as they were sent.

    Sequence numbers and arrivals decide, because senders may show any time. The receiver has dropped what the network
    doubled, so a sequence number that comes again is that of a sender that has restarted.
    """

    def __init__(self) -> None:
        self._newest: int | None = None  # extended sequence number
        self._arrival_ns = 0  # of that packet
        self._waiting: list[tuple[int, P]] = []  # heap
        self._seen: set[int] = set()  # extended sequence numbers in the heap

    def add(self, packet: P) -> list[P]:
        """Take one packet; return those that no packet can precede any more."""
        ready: list[P] = []
        if self._newest is None:
            self._newest = packet.sequence
        ahead = (packet.sequence - self._newest + 0x8000) % 0x10000 - 0x8000
        late = ahead < 0 and packet.arrival_ns - self._arrival_ns > LATE_NS
        if late or ahead <= -WINDOW or self._newest + ahead in self._seen:  # the sender has restarted
            ready = self.flush()
            self._newest = packet.sequence
            ahead = 0
        extended = self._newest + ahead
        if ahead >= 0:
            self._newest, self._arrival_ns = extended, packet.arrival_ns
        self._seen.add(extended)
        heapq.heappush(self._waiting, (extended, packet))
        while self._waiting[0][0] <= self._newest - WINDOW:
            ready.append(self._pop())
        return ready

    def flush(self) -> list[P]:
        """Return what is left at the end of the stream."""
        return [self._pop() for _ in range(len(self._waiting))]

    def _pop(self) -> P:
        extended, packet = heapq.heappop(self._waiting)
        self._seen.discard(extended)
        return packet


def in_order(packets: Iterable[P]) -> list[P]:
    """Return one SSRC's packets, given as they were written, as they were sent."""
    reorder = Reorder[P]()
    return [ready for packet in packets for ready in reorder.add(packet)] + reorder.flush()
