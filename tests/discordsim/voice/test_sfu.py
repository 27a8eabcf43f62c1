"""UDP: IP discovery, keepalives, hostile datagrams, and how the SFU renumbers a stream."""

import asyncio
import os
import random
import struct

from hypothesis import given
from hypothesis import strategies as st

from notetaker.discordsim.voice.renumber import Renumbering
from tests.discordsim.voice.conftest import House
from tests.discordsim.voice.listener import Listener

SPOKEN = b"\xfcstill here"


async def test_discovery_tells_the_address_the_datagram_came_from(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        host, port = listener.udp.get_extra_info("sockname")
        answer = next(d for d in listener.others_datagrams if len(d) == 74)
        assert answer == struct.pack(">HHI64sH", 2, 70, listener.ssrc, host.encode(), port)


async def test_keepalives_are_echoed_and_pings_answered(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        listener.udp.sendto(bytes(range(8)))
        listener.udp.sendto(b"\x13\x37\xca\xfe\0\0\0\x2a")
        await listener.until(lambda: b"\x13\x37\xf0\x0d\0\0\0\x2a" in listener.others_datagrams)
        assert bytes(range(8)) in listener.others_datagrams


async def test_each_hostile_datagram_is_counted(house: House) -> None:
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as first,
        Listener(house.place(2, e2ee=False), house.client_tls) as second,
    ):
        await first.join()
        await second.join()
        good = second.seal(SPOKEN, 100, 960)
        noise = random.Random(1)
        datagrams = [good[:size] for size in range(len(good))]
        datagrams += [good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :] for at in range(len(good))]
        datagrams += [noise.randbytes(noise.randrange(1, 200)) for _ in range(200)]
        datagrams += [
            struct.pack(">HHI", 1, 71, second.ssrc) + bytes(66),  # IP discovery with a wrong length field
            struct.pack(">HHI", 1, 70, 1) + bytes(66),  # nobody's SSRC
            second.seal(b"", 1, 960),  # no media in it
            second.seal(b"foreign", 1, 960, ssrc=first.ssrc),  # somebody else's SSRC
            b"\x80\xc8\x00\x00",  # RTCP
            good,
        ]
        for datagram in datagrams:
            second.udp.sendto(datagram)
            await asyncio.sleep(0)  # a socket's buffer is finite
        await first.until(lambda: SPOKEN in first.heard.get(2, []))
        assert first.heard == {2: [SPOKEN]}
        assert first.bad == 0
        await first.beat(4)
        await second.beat(4)
    dropped = house.server.dropped()
    # Some noise is 8 bytes long and echoed as a keepalive; everything else is counted.
    assert dropped["not authentic"] > 30
    assert dropped["ip discovery"] == 2
    assert dropped["padding only"] == 1
    assert dropped["rtcp"] >= 1
    assert dropped["not rtp"] > 50


async def test_video_is_not_forwarded_as_audio(house: House) -> None:
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as first,
        Listener(house.place(2, e2ee=False), house.client_tls) as second,
    ):
        await first.join()
        await second.join()
        second.payload_type = 101
        second.udp.sendto(second.seal(b"a picture", 1, 960))
        second.payload_type = 120
        second.udp.sendto(second.seal(SPOKEN, 2, 960))
        await first.until(lambda: 2 in first.heard)
        assert first.heard == {2: [SPOKEN]}
        assert house.server.dropped() == {"not audio": 1}


async def test_a_senders_own_extension_padding_and_csrcs_are_stripped(house: House) -> None:
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as first,
        Listener(house.place(2, e2ee=False), house.client_tls) as second,
    ):
        await first.join()
        await second.join()
        body = bytes(8) + SPOKEN + b"\0\0\0\4"
        second.udp.sendto(second.seal(body, 1, 960, first_byte=0xB1, clear=b"csrc\xbe\xde\x00\x02"))
        await first.until(lambda: 2 in first.heard)
        assert first.heard == {2: [SPOKEN]}


async def test_a_sequence_gap_of_the_sender_stays_a_gap(house: House) -> None:
    house.faults.padding_burst_chance = 0
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as first,
        Listener(house.place(2, e2ee=False), house.client_tls) as second,
    ):
        await first.join()
        await second.join()
        for sequence in (65534, 65535, 2, 3):
            second.udp.sendto(second.seal(SPOKEN, sequence, 960))
        await first.until(lambda: first.audio[2] == 4)
        assert first.headers[2] == [65534, 65535, 2, 3]


async def test_a_client_that_vanished_does_not_disturb_the_others(house: House) -> None:
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as first,
        Listener(house.place(2, e2ee=False), house.client_tls) as second,
        Listener(house.place(3, e2ee=False), house.client_tls) as gone,
    ):
        for listener in (first, second, gone):
            await listener.join()
        gone.udp.close()
        await asyncio.sleep(0)
        for sequence in range(20):
            second.udp.sendto(second.seal(os.urandom(20), sequence, 960 * sequence))
        await first.until(lambda: first.audio[2] == 20)


@given(
    start=st.integers(0, 0xFFFF),
    steps=st.lists(st.tuples(st.integers(1, 300), st.integers(0, 40)), min_size=1, max_size=60),
)
def test_renumbering_keeps_gaps_and_makes_room(start: int, steps: list[tuple[int, int]]) -> None:
    """Each number is the last one, plus the sender's step, plus the insertions, across any number of wraps."""
    stream = Renumbering()
    sequence = start
    expected, newest = stream.outgoing(sequence)
    assert (expected, newest) == (start, True)
    for step, inserted in steps:
        if inserted:
            numbers = stream.insert(inserted)
            assert numbers == [(expected + 1 + i) & 0xFFFF for i in range(inserted)]
        sequence = (sequence + step) & 0xFFFF
        expected = (expected + inserted + step) & 0xFFFF
        assert stream.outgoing(sequence) == (expected, True)


def test_a_late_packet_keeps_the_place_it_would_have_had() -> None:
    stream = Renumbering()
    assert stream.outgoing(65534) == (65534, True)
    assert stream.outgoing(0) == (0, True)
    assert stream.insert(3) == [1, 2, 3]
    assert stream.insert(2) == [4, 5]
    assert stream.outgoing(1) == (6, True)
    assert stream.outgoing(65535) == (65535, False)
    assert stream.outgoing(0) == (0, False)
    assert stream.outgoing(2) == (7, True)
