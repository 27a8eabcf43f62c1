"""The voice socket on the loopback interface."""

import socket

from notetaker.model.voice_status import VoiceTotals
from notetaker.voice.udp import BATCH, UdpSocket


async def test_closing_hands_on_everything_that_has_arrived() -> None:
    received: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        host, port = server.getsockname()
        voice = UdpSocket(host, port, lambda batch: received.extend(data for data, _ in batch), VoiceTotals())
        voice.send(b"hello")
        _, client = server.recvfrom(100)
        sent = [n.to_bytes(2) for n in range(2 * BATCH + 10)]
        for data in sent:
            server.sendto(data, client)
        voice.close()
    assert received == sent


async def test_a_server_that_cannot_be_reached_is_counted_and_raises_nothing() -> None:
    totals = VoiceTotals()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        host, port = server.getsockname()
    voice = UdpSocket(host, port, lambda batch: None, totals)
    voice.send(b"hello")  # on the loopback interface, the refusal has come back when this returns
    voice.send(b"hello")
    assert totals.udp_errors == 1
    voice.close()
