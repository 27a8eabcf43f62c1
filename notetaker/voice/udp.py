"""A connected UDP socket that is drained in batches.

``add_reader`` on a non-blocking socket costs a seventh of asyncio's datagram protocol per packet, and the batch
lets the rest of the path run once for many packets.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable

from notetaker.model.voice_status import VoiceTotals

RECEIVE_BUFFER_BYTES = 4 << 20
"""Asked for; the kernel grants up to net.core.rmem_max. Bridges stalls of the event loop without loss."""
BATCH = 64
"""Datagrams read before other tasks get their turn."""
MAX_DATAGRAM_BYTES = 2048
"""More than any Ethernet frame holds."""


class UdpSocket:
    """``on_batch`` is called with (datagram, arrival in monotonic seconds) pairs, in order of arrival.

    Sends and receives that fail, because the network tells that the other side is unreachable, count in ``totals``.
    """

    def __init__(
        self,
        host: str,
        port: int,
        on_batch: Callable[[list[tuple[bytes, float]]], None],
        totals: VoiceTotals,
    ) -> None:
        """Raises ``OSError`` or ``ValueError`` when there is no way to ``host``, which is a literal address."""
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
        """Best effort, as UDP is: what matters is sent again by the protocol."""
        try:
            self._socket.send(data)
        except OSError:
            self._totals.udp_errors += 1

    def close(self) -> None:
        """Hands on what has arrived, then closes."""
        rounds = RECEIVE_BUFFER_BYTES // MAX_DATAGRAM_BYTES // BATCH
        while self._drain() and rounds:
            rounds -= 1
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _drain(self) -> bool:
        """Whether there may be more."""
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
