"""The way of datagrams between a client and the SFU: half of it fails, a NAT moves, or the server answers little."""

import struct

import pytest

from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.discordsim.voice.faults import Direction, Probe
from tests.discordsim.voice.conftest import House
from tests.discordsim.voice.listener import Listener

LONG_S = 60.0
"""Ended by the test itself."""
COUNTER = bytes(range(8))


def ping(listener: Listener, number: int) -> None:
    listener.udp.sendto(b"\x13\x37\xca\xfe" + struct.pack(">I", number))


def pong(number: int) -> bytes:
    return b"\x13\x37\xf0\x0d" + struct.pack(">I", number)


def discover(listener: Listener) -> None:
    listener.udp.sendto(struct.pack(">HHI", 1, 70, listener.ssrc) + bytes(66))


def seen_ports(listener: Listener) -> list[int]:
    """As the answers to IP discovery tell them; the first one belongs to the handshake."""
    return [int.from_bytes(data[-2:], "big") for data in listener.others_datagrams if len(data) == 74]


def own_port(listener: Listener) -> int:
    port: int = listener.udp.get_extra_info("sockname")[1]
    return port


def counts(house: House) -> dict[str, object]:
    (row,) = [row for row in house.server.stats() if (row["sender"], row["receiver"]) == (2, 1)]
    return row


def probe(listener: Listener) -> None:
    """Send one of each kind, discovery last: without loss on the way, the server reads them in this order."""
    listener.udp.sendto(COUNTER)
    ping(listener, 7)
    discover(listener)


@pytest.mark.parametrize("ignored", list(Probe))
async def test_a_server_may_leave_some_probes_unanswered(house: House, ignored: Probe) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        house.faults.ignore(1, ignored)
        await listener.join()  # whose discovery comes before op 1
        probe(listener)
        answered = {
            Probe.KEEPALIVE: lambda: COUNTER in listener.others_datagrams,
            Probe.PING: lambda: pong(7) in listener.others_datagrams,
            Probe.DISCOVERY: lambda: len(seen_ports(listener)) == 2,
        }
        for kind, came in answered.items():
            if kind is not ignored:
                await listener.until(came)
        assert not answered[ignored]()
        assert house.server.dropped() == {"ignored": 1}
        house.faults.ignore(1, ignored, ignored=False)
        probe(listener)
        await listener.until(answered[ignored])


async def test_a_path_may_fail_in_one_direction(house: House) -> None:
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as listener,
        VoiceLink(house.place(2, e2ee=False), house.client_tls) as speaker,
    ):
        await listener.join()
        speaker.speaking(1)
        house.faults.blackhole(1, LONG_S, direction=Direction.FROM_USER)
        ping(listener, 1)
        await speaker.send_audio(b"\xfcstill heard")
        await listener.until(lambda: listener.heard.get(2) == [b"\xfcstill heard"])
        house.faults.blackhole(1, 0, direction=Direction.FROM_USER)
        house.faults.blackhole(1, LONG_S, direction=Direction.TO_USER)
        ping(listener, 2)
        await speaker.send_audio(b"\xfcnot heard")
        await speaker._udp.flush()  # the server has read it
        house.faults.blackhole(1, 0, direction=Direction.TO_USER)
        ping(listener, 3)
        await listener.until(lambda: pong(3) in listener.others_datagrams)
        assert pong(1) not in listener.others_datagrams
        assert pong(2) not in listener.others_datagrams
    assert house.server.dropped()["blackhole"] == 2
    assert counts(house)["blackholed"] == 1


async def test_a_nat_that_gives_another_port_takes_the_sound_away(house: House) -> None:
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as listener,
        VoiceLink(house.place(2, e2ee=False), house.client_tls) as speaker,
    ):
        assert house.server.rebind(1) == 0, "there is no session"
        await listener.join()
        speaker.speaking(1)
        assert house.server.rebind(1) == 1
        await speaker.send_audio(b"\xfcto the old port")
        await speaker._udp.flush()  # the server has read it
        ping(listener, 1)
        await listener.until(lambda: pong(1) in listener.others_datagrams)
        discover(listener)
        await listener.until(lambda: len(seen_ports(listener)) == 2)
        before, after = seen_ports(listener)
        assert before == own_port(listener) != after
        assert listener.heard == {}
        row = counts(house)
        assert (row["packets_in"], row["forwarded"], row["rebound"]) == (1, 0, 1)
        data = {"address": "127.0.0.1", "port": after, "mode": listener.mode}
        listener.send(1, {"protocol": "udp", "data": data})
        await listener.beat(9)
        await speaker.send_audio(b"\xfcto the new port")
        await listener.until(lambda: listener.heard.get(2) == [b"\xfcto the new port"])


async def test_a_second_rebinding_gives_a_third_port(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        for answers in (2, 3):
            house.server.rebind(1)
            discover(listener)
            await listener.until(lambda: len(seen_ports(listener)) == answers)  # noqa: B023 - awaited here
        assert len(set(seen_ports(listener))) == 3


async def test_a_new_session_has_a_port_of_its_own(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        house.server.rebind(1)
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        assert seen_ports(listener) == [own_port(listener)]
