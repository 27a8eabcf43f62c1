"""The voice socket on the loopback interface."""

import socket

from notetaker.voice.udp import BATCH, UdpSocket


async def test_closing_hands_on_everything_that_has_arrived() -> None:
    received: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        host, port = server.getsockname()
        voice = UdpSocket(host, port, lambda batch: received.extend(data for data, _ in batch))
        voice.send(b"hello")
        _, client = server.recvfrom(100)
        sent = [n.to_bytes(2) for n in range(2 * BATCH + 10)]
        for data in sent:
            server.sendto(data, client)
        voice.close()
    assert received == sent
