"""A connected UDP socket that is drained in batches.

Per packet, ``add_reader`` on a non-blocking socket costs a seventh of asyncio's datagram protocol, and a batch lets
the rest of the path run once for many packets.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable

from notetaker.model.voice_status import VoiceTotals

RECEIVE_BUFFER_BYTES = 4 << 20
"""Requested; the kernel grants up to net.core.rmem_max. Bridges stalls of the event loop without loss."""
BATCH = 64
"""Most datagrams read before other tasks get their turn."""
MAX_DATAGRAM_BYTES = 2048
"""More than any Ethernet frame holds."""


class UdpSocket:
    """Calls ``on_batch`` with (datagram, arrival in monotonic seconds) pairs, in order of arrival.

    Sends and receives that fail because the network reports the other side unreachable count in ``totals``.
    """

    def __init__(
        self,
        host: str,
        port: int,
        on_batch: Callable[[list[tuple[bytes, float]]], None],
        totals: VoiceTotals,
    ) -> None:
        """Raise ``OSError`` or ``ValueError`` if there is no route to ``host``, which is a literal address."""
        self._on_batch = on_batch
        self._totals = totals
        self._loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            self._socket.connect((host, port))
        except (OSError, OverflowError):
            self._socket.close()
            raise
        self._loop.add_reader(self._socket, self._drain)

    def send(self, data: bytes) -> None:
        """Send with best effort, like UDP itself: the protocol repeats what matters."""
        try:
            self._socket.send(data)
        except OSError:
            self._totals.udp_errors += 1

    def close(self) -> None:
        """Hand on what has arrived, then close."""
        rounds = RECEIVE_BUFFER_BYTES // MAX_DATAGRAM_BYTES // BATCH
        while self._drain() and rounds:
            rounds -= 1
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _drain(self) -> bool:
        """Hand on a batch. Return True if there may be more."""
        batch: list[tuple[bytes, float]] = []
        receive, clock = self._socket.recv, time.monotonic
        for _ in range(BATCH):
            try:
                batch.append((receive(MAX_DATAGRAM_BYTES), clock()))
            except BlockingIOError:
                break
            except OSError:
                self._totals.udp_errors += 1
                break
        if batch:
            self._on_batch(batch)
        return len(batch) == BATCH
