"""The voice socket on the loopback interface."""

import socket
import time
from collections.abc import Iterator

import pytest

from notetaker.model.voice_status import VoiceTotals
from notetaker.voice.udp import BATCH, FRESH_S, UdpSocket

HOST = "127.0.0.1"


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


class Call:
    """A voice socket, and a server that sends to it."""

    def __init__(self, server: socket.socket, *, stamps: bool = True) -> None:
        self.received: list[tuple[bytes, float]] = []
        self.totals = VoiceTotals()
        port = server.getsockname()[1]
        self.voice = UdpSocket(HOST, port, self.received.extend, self.totals, stamps=stamps)
        self.voice.send(b"hello")
        _, self._client = server.recvfrom(100)
        self._server = server

    def send(self, count: int) -> tuple[float, float]:
        """Return between which moments they arrived: on the loopback interface, as they are sent."""
        began = time.monotonic()
        for number in range(count):
            self._server.sendto(number.to_bytes(2), self._client)
        return began, time.monotonic()

    def until_stamped(self) -> None:
        """The kernel begins to stamp some time after it was asked to; what comes before that is stamped when read."""
        for _ in range(100):
            _, sent = self.send(1)
            stall(sent + 2 * FRESH_S)
            self.voice.catch_up()
            if self.received.pop()[1] <= sent:
                return
        pytest.fail("This kernel does not stamp what arrives.")


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        yield server


def stall(until: float) -> None:
    while time.monotonic() < until:
        pass


async def test_what_is_read_late_has_arrived_when_it_came(server: socket.socket) -> None:
    call = Call(server)
    call.until_stamped()
    sent = [call.send(3 * BATCH)]
    stall(sent[0][1] + 5 * FRESH_S)
    sent.append(call.send(2))
    stall(sent[1][1] + 5 * FRESH_S)
    call.voice.catch_up()
    arrivals = [arrival for _, arrival in call.received]
    assert len(arrivals) == 3 * BATCH + 2
    assert sent[0][0] - 0.001 <= arrivals[0] <= arrivals[-3] <= sent[0][1] + 0.001
    assert sent[1][0] - 0.001 <= arrivals[-2] <= arrivals[-1] <= sent[1][1] + 0.001
    assert arrivals == sorted(arrivals)
    call.voice.close()


async def test_without_stamps_it_has_arrived_when_it_is_read(server: socket.socket) -> None:
    call = Call(server, stamps=False)
    _, sent = call.send(BATCH + 1)
    stall(sent + 2 * FRESH_S)
    call.voice.catch_up()
    assert [data for data, _ in call.received] == [number.to_bytes(2) for number in range(BATCH + 1)]
    assert all(arrival >= sent + 2 * FRESH_S for _, arrival in call.received)
    call.voice.close()


@pytest.mark.parametrize("closing", [True, False])
@pytest.mark.parametrize("stamps", [True, False])
async def test_an_error_of_the_network_hides_nothing_that_has_arrived(
    server: socket.socket, closing: bool, stamps: bool
) -> None:
    call = Call(server, stamps=stamps)
    call.send(2 * BATCH)
    server.close()
    call.voice.send(b"hello")  # on the loopback interface, the refusal has come back when this returns
    if not closing:
        call.voice.catch_up()
    call.voice.close()
    assert [data for data, _ in call.received] == [number.to_bytes(2) for number in range(2 * BATCH)]
    assert call.totals.udp_errors == 1


async def test_one_that_is_closed_by_what_it_hands_on_reads_no_further(server: socket.socket) -> None:
    totals = VoiceTotals()
    received: list[bytes] = []

    def on_batch(batch: list[tuple[bytes, float]]) -> None:
        received.extend(data for data, _ in batch)
        if len(received) == BATCH:
            voice.close()

    voice = UdpSocket(HOST, server.getsockname()[1], on_batch, totals)
    voice.send(b"hello")
    _, client = server.recvfrom(100)
    for number in range(2 * BATCH):
        server.sendto(number.to_bytes(2), client)
    voice.catch_up()
    assert (len(received), totals.udp_errors) == (2 * BATCH, 0)
