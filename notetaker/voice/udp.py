"""A connected UDP socket that is drained in batches.

Per packet, ``add_reader`` on a non-blocking socket costs a seventh of asyncio's datagram protocol, and a batch lets
the rest of the path run once for many packets.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable

from notetaker.model.voice_status import VoiceTotals
from notetaker.voice.arrival import SPACE, ArrivalClock, enable_stamps

RECEIVE_BUFFER_BYTES = 4 << 20
"""Requested; the kernel grants up to net.core.rmem_max. Bridges stalls of the event loop without loss."""
BATCH = 64
"""Most datagrams read before other tasks get their turn."""
MAX_DATAGRAM_BYTES = 2048
"""More than any Ethernet frame holds."""
MOST_WAITING = 16_384
"""Datagrams, more than the buffer holds: the kernel doubles its size, and counts some 800 bytes for each."""
FRESH_S = 0.005
"""What waited less than this, and all that came after it, has arrived as it is read: asking for its stamp takes as
long as reading it once more."""


class UdpSocket:
    """Calls ``on_batch`` with (datagram, arrival in monotonic seconds) pairs, in order of arrival.

    Arrival is when the kernel took the datagram, to ``FRESH_S``, no matter how late it is read. With a kernel that
    does not say when, it is when it is read.
    Sends and receives that fail because the network reports the other side unreachable count in ``totals``.
    """

    def __init__(
        self,
        host: str,
        port: int,
        on_batch: Callable[[list[tuple[bytes, float]]], None],
        totals: VoiceTotals,
        *,
        stamps: bool = True,
    ) -> None:
        """Raise ``OSError`` or ``ValueError`` if there is no route to ``host``, which is a literal address.

        Without ``stamps``, the kernel is not asked when a datagram arrived.
        """
        self._on_batch = on_batch
        self._totals = totals
        self._loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            self._stamped = stamps and enable_stamps(self._socket)
            self._socket.connect((host, port))
        except (OSError, OverflowError):
            self._socket.close()
            raise
        self._arrivals = ArrivalClock(self._loop.time)
        self._loop.add_reader(self._socket, self._drain)

    def send(self, data: bytes) -> None:
        """Send with best effort, like UDP itself: the protocol repeats what matters."""
        try:
            self._socket.send(data)
        except OSError:
            self._totals.udp_errors += 1

    def catch_up(self) -> None:
        """Hand on what has arrived by now, however much it is.

        After a stall of the host, timers go off while more than a batch waits.
        """
        for _ in range(MOST_WAITING // BATCH):
            if self._socket.fileno() < 0 or not self._drain():
                return

    def close(self) -> None:
        """Hand on what has arrived, then close."""
        self.catch_up()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _drain(self) -> bool:
        """Hand on a batch. Return True if there may be more.

        An error that the network reports comes before what has arrived, and takes its turn like a datagram.
        """
        batch: list[tuple[bytes, float]] = []
        receive, arrivals, stamped = self._socket.recv, self._arrivals, self._stamped
        now = arrivals.look()
        waiting = True
        for _ in range(BATCH):
            try:
                if stamped:
                    data, ancillary, _, _ = self._socket.recvmsg(MAX_DATAGRAM_BYTES, SPACE)
                    arrival = arrivals.arrival(ancillary)
                    stamped = now - arrival > FRESH_S
                    batch.append((data, arrival))
                else:
                    batch.append((receive(MAX_DATAGRAM_BYTES), now))
            except BlockingIOError:
                arrivals.since = now
                waiting = False
                break
            except OSError:
                self._totals.udp_errors += 1
        if batch:
            self._on_batch(batch)
        return waiting
