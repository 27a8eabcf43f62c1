"""Stamps of the kernel, told in monotonic seconds."""

import socket
import struct

import pytest

from notetaker.voice.arrival import SO_TIMESTAMPNS, ArrivalClock

WALL = 1_800_000_000
"""Unix seconds at monotonic second 0."""


class Host:
    """Its clocks, of which one can be set."""

    def __init__(self) -> None:
        self.now = 100.0
        self.set_by = 0.0

    def monotonic(self) -> float:
        return self.now

    def wall_ns(self) -> int:
        return WALL * 10**9 + round((self.now + self.set_by) * 1e9)

    def stamp(self) -> list[tuple[int, int, bytes]]:
        """The ancillary data of a datagram that comes in now."""
        timespec = struct.pack("@ll", *divmod(self.wall_ns(), 10**9))
        return [(socket.SOL_SOCKET, SO_TIMESTAMPNS, timespec)]


@pytest.fixture
def host() -> Host:
    return Host()


def clock(host: Host) -> ArrivalClock:
    return ArrivalClock(host.monotonic, host.wall_ns)


def test_what_waited_has_arrived_when_the_kernel_took_it(host: Host) -> None:
    arrivals = clock(host)
    host.now = 101.0
    stamp = host.stamp()
    host.now = 104.0
    arrivals.look()
    assert arrivals.arrival(stamp) == pytest.approx(101.0, abs=1e-6)


@pytest.mark.parametrize("set_by", [-7200.0, -1.0, 1.0, 7200.0])
def test_a_wall_clock_that_is_set_meanwhile_does_not_matter(host: Host, set_by: float) -> None:
    arrivals = clock(host)
    host.now = 101.0
    before = host.stamp()
    host.set_by = set_by
    host.now = 102.0
    after = host.stamp()
    host.now = 102.5
    for _ in range(3):  # more than a batch waited
        arrivals.look()
    if abs(set_by) > 10:  # else both readings of a stamp are possible
        assert arrivals.arrival(before) == pytest.approx(101.0, abs=1e-6)
    assert arrivals.arrival(after) == pytest.approx(102.0, abs=1e-6)


@pytest.mark.parametrize("set_by", [-1.0, 1.0])
def test_what_comes_while_others_are_read_comes_now(host: Host, set_by: float) -> None:
    arrivals = clock(host)
    host.set_by = set_by
    host.now = 103.0
    arrivals.look()
    host.now = 103.001
    assert arrivals.arrival(host.stamp()) == 103.0


def test_no_stamp_can_lead_out_of_the_time_in_which_it_arrived(host: Host) -> None:
    arrivals = clock(host)
    host.now = 101.0
    arrivals.look()
    for seconds, at in ((0, 100.0), (2**40, 101.0), (WALL + 50, 101.0)):
        ancillary = [(socket.SOL_SOCKET, SO_TIMESTAMPNS, struct.pack("@ll", seconds, 0))]
        assert arrivals.arrival(ancillary) == at


@pytest.mark.parametrize(
    "ancillary", [[], [(socket.SOL_SOCKET, SO_TIMESTAMPNS, b"short")], [(41, 50, bytes(16))]]
)
def test_without_a_stamp_it_has_arrived_now(host: Host, ancillary: list[tuple[int, int, bytes]]) -> None:
    arrivals = clock(host)
    host.now = 101.0
    arrivals.look()
    assert arrivals.arrival(ancillary) == 101.0
