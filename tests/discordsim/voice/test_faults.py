"""What a client sees when the voice server fails on purpose: handshakes, websockets, UDP."""

import asyncio
import struct

import pytest

from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.discordsim.voice.faults import Damage, Step
from notetaker.discordsim.voice.protocol import RESUMABLE
from tests.discordsim.voice.conftest import CHANNEL, GUILD, House
from tests.discordsim.voice.listener import Listener

OTHER_GUILD = 7
LONG_S = 60.0
"""Ended by the test itself."""
STALL_S = 1.0


async def closed_with(listener: Listener) -> int | None:
    await listener.until(lambda: listener.close_code is not None)
    return listener.close_code


def struck(house: House) -> list[object]:
    return [event["kind"] for event in house.events if event["event"] == "fault"]


def row(house: House, sender: int = 2, receiver: int = 1) -> dict[str, object]:
    rows = [r for r in house.server.stats() if (r["sender"], r["receiver"]) == (sender, receiver)]
    assert len(rows) == 1
    return rows[0]


async def resume(listener: Listener) -> int:
    """Send op 7 on another websocket. Return the op of the answer, or the close code."""
    listener.messages.clear()
    await listener.open()
    await send_resume(listener)
    await listener.until(lambda: listener.has(9) or listener.close_code is not None)
    return 9 if listener.has(9) else listener.close_code or 0


async def send_resume(listener: Listener) -> None:
    place = listener.place
    body = {"server_id": str(place.guild_id), "session_id": place.session_id, "token": place.token}
    listener.send(7, body | {"seq_ack": listener.sequences[-1]})


async def spoken(speaker: VoiceLink, *frames: bytes) -> None:
    """Send payloads, and wait until the server has read them: a flush is a keepalive's round trip."""
    for frame in frames:
        await speaker.send_audio(frame)
    await speaker._udp.flush()


# Handshakes


@pytest.mark.parametrize("code", [4006, 4011, 1001, 1006])
async def test_a_handshake_can_end_instead_of_hello(house: House, code: int) -> None:
    place = house.place(1)
    house.faults.close_at(1, Step.HELLO, code)
    async with Listener(place, house.client_tls) as listener:
        assert await closed_with(listener) == code
        assert listener.messages == []
    async with Listener(place, house.client_tls) as listener:
        await listener.join()
    assert struck(house) == ["close_at"]


async def test_nobody_else_is_met_instead_of_hello(house: House) -> None:
    house.faults.close_at(1, Step.HELLO, 4006)
    async with Listener(house.place(2), house.client_tls) as listener:
        await listener.join()
    assert struck(house) == []


@pytest.mark.parametrize("code", [4004, 1006])
async def test_a_handshake_can_end_after_identify_and_spends_the_token(house: House, code: int) -> None:
    place = house.place(1)
    house.faults.close_at(1, Step.IDENTIFY, code)
    async with Listener(place, house.client_tls) as listener:
        await listener.identify()
        assert await closed_with(listener) == code
        assert listener.ops() == [8]
    async with Listener(place, house.client_tls) as listener:
        await listener.identify()
        assert await closed_with(listener) == 4006


@pytest.mark.parametrize("step", [Step.SELECT, Step.HEARTBEAT])
@pytest.mark.parametrize("code", [4006, 4015, 1006])
async def test_a_handshake_can_end_later_and_the_code_says_what_is_left(
    house: House, step: Step, code: int
) -> None:
    house.faults.close_at(1, step, code, times=1)
    async with Listener(house.place(1), house.client_tls) as listener:
        listener.send(3, {"t": 1, "seq_ack": -1})  # a heartbeat before op 4 does not count
        await listener.until(lambda: listener.has(6))
        await listener.identify()
        await listener.select()
        assert listener.has(4) == (step == Step.HEARTBEAT)
        if step == Step.HEARTBEAT:
            listener.send(3, {"t": 2, "seq_ack": listener.sequences[-1]})
        assert await closed_with(listener) == code
        assert await resume(listener) == (9 if code in RESUMABLE else 4006)
    assert struck(house) == ["close_at"]


@pytest.mark.parametrize(("code", "then"), [(4006, 4006), (4009, 4006), (1006, 9)])
async def test_a_resume_can_be_refused(house: House, code: int, then: int) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        await listener.drop()
        house.faults.close_at(1, Step.RESUME, code)
        assert await resume(listener) == code
        assert await resume(listener) == then


@pytest.mark.parametrize("step", list(Step))
async def test_a_handshake_can_be_left_hanging(house: House, step: Step) -> None:
    """Check that the server sends nothing, answers no heartbeat, and does not close."""
    place = house.place(1)
    if step is not Step.RESUME:
        house.faults.silent_at(1, step)
    async with Listener(place, house.client_tls) as listener:
        if step is Step.RESUME:
            await listener.join()
            await listener.drop()
            house.faults.silent_at(1, step)
            listener.messages.clear()
            await listener.open()
            await send_resume(listener)
        else:
            body = {"server_id": str(GUILD), "user_id": "1", "session_id": place.session_id}
            listener.send(0, body | {"token": place.token, "max_dave_protocol_version": 1})
        if step in (Step.SELECT, Step.HEARTBEAT):
            await listener.until(lambda: listener.has(2))
            data = {"address": "127.0.0.1", "port": 9, "mode": listener.mode}
            listener.send(1, {"protocol": "udp", "data": data})
        if step is Step.HEARTBEAT:
            await listener.until(lambda: listener.has(25))
        for nonce in range(3):
            listener.send(3, {"t": nonce, "seq_ack": -1})
        async with asyncio.timeout(10):
            while not struck(house):  # noqa: ASYNC110 - the log of the harness announces nothing
                await asyncio.sleep(0.01)
        seen = len(listener.messages)
        await asyncio.sleep(0.05)
        assert len(listener.messages) == seen
        assert not listener.has(6)
        assert listener.close_code is None
        last = {"hello": 0, "identify": 8, "select": 2, "heartbeat": 25, "resume": 8}[step]
        assert [0, *listener.ops()][-1] == last


async def test_a_fault_strikes_in_its_guild_only(house: House) -> None:
    house.faults.close_at(1, Step.IDENTIFY, 4006, guild_id=OTHER_GUILD)
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        assert house.server.hang_up(1, 4006, OTHER_GUILD) == 0
        assert house.server.cut(1, OTHER_GUILD) == 0
        assert house.server.stall(1, LONG_S, OTHER_GUILD) == 0
        await listener.beat(2)
        assert house.server.hang_up(1, 4006, GUILD) == 1
        assert await closed_with(listener) == 4006


# Live websockets


@pytest.mark.parametrize("code", [1000, 1011, 4006, 4009, 4013, 4014, 4015, 4021, 4022, 4999])
async def test_a_live_websocket_is_closed_and_the_code_says_what_is_left(house: House, code: int) -> None:
    async with (
        Listener(house.place(1), house.client_tls) as listener,
        VoiceLink(house.place(2), house.client_tls) as speaker,
    ):
        await listener.join()
        await listener.until(lambda: listener.established)
        speaker.speaking(1)
        assert house.server.hang_up(1, code) == 1
        assert await closed_with(listener) == code
        if code in RESUMABLE:
            await speaker.send_audio(b"\xfcwithout a websocket")
            await listener.until(lambda: listener.heard.get(2) == [b"\xfcwithout a websocket"])
        assert await resume(listener) == (9 if code in RESUMABLE else 4006)
    assert house.closes()[0] == (1, code)


async def test_a_reset_is_one_of_tcp(house: House) -> None:
    """A reset differs from the orderly end of a TCP connection."""
    house.place(1)
    house.faults.close_at(1, Step.HELLO, 1006)
    host, _, port = house.server.endpoint.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=house.client_tls)
    key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    upgrade = f"GET /?v=8 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{key}\r\n"
    writer.write(upgrade.encode())
    async with asyncio.timeout(10):
        with pytest.raises(ConnectionResetError):
            await reader.read()
    writer.close()


async def test_a_stalled_websocket_sends_nothing_and_then_continues(house: House) -> None:
    async with (
        Listener(house.place(1), house.client_tls) as listener,
        VoiceLink(house.place(2), house.client_tls) as speaker,
    ):
        await listener.join()
        await listener.until(lambda: listener.established)
        assert house.server.stall(1, STALL_S) == 1
        stalled = asyncio.get_running_loop().time()
        listener.send(3, {"t": 77, "seq_ack": -1})
        speaker.speaking(1)
        await speaker.send_audio(b"\xfcmeanwhile")
        await listener.until(lambda: listener.heard.get(2) == [b"\xfcmeanwhile"])
        assert listener.body(6) == {"t": 1}
        await listener.until(lambda: listener.body(6) == {"t": 77})
        assert asyncio.get_running_loop().time() - stalled >= STALL_S
        assert listener.body(5)["speaking"] == 1
        assert listener.close_code is None


async def test_a_stalled_websocket_can_be_left_for_another(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        house.server.stall(1, LONG_S)
        await listener.drop()
        assert await resume(listener) == 9
        await listener.beat(5)


async def test_a_stop_waits_for_no_stall(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        house.server.stall(1, LONG_S)
        async with asyncio.timeout(5):
            await house.server.stop()
        assert await closed_with(listener) == 1001


async def test_the_server_can_ask_for_a_heartbeat(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        assert house.server.ask_for_heartbeat(1) == 1
        await listener.until(lambda: listener.has(3))


# UDP


async def discover(listener: Listener) -> None:
    """Send one request; ``others_datagrams`` has the answers."""
    listener.udp.sendto(struct.pack(">HHI", 1, 70, listener.ssrc) + bytes(66))


def answers(listener: Listener) -> int:
    return sum(len(datagram) == 74 for datagram in listener.others_datagrams)


async def test_ip_discovery_is_lost_and_answered_twice(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        assert answers(listener) == 1
        house.faults.damage(Damage.DISCOVERY_LOST, 1, times=2)
        house.faults.damage(Damage.DISCOVERY_TWICE, 1)
        for _ in range(3):
            await discover(listener)
        await listener.until(lambda: answers(listener) == 3)
        listener.udp.sendto(b"\x13\x37\xca\xfe\0\0\0\1")
        await listener.until(lambda: len(listener.others_datagrams) == 4)
        assert answers(listener) == 3
    assert struck(house) == ["discovery_lost"] * 2 + ["discovery_twice"]


@pytest.mark.parametrize("victim", [1, 2])
async def test_no_datagram_leaves_a_blackhole(house: House, victim: int) -> None:
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as listener,
        VoiceLink(house.place(2, e2ee=False), house.client_tls) as speaker,
    ):
        await listener.join()
        speaker.speaking(1)
        await speaker.send_audio(b"\xfcbefore")
        await listener.until(lambda: len(listener.heard.get(2, [])) == 1)
        house.faults.blackhole(victim, LONG_S)
        await discover(listener)
        listener.udp.sendto(b"\x13\x37\xca\xfe\0\0\0\1")
        for number in range(5):
            await speaker.send_audio(bytes([0xFC, number]))
        async with asyncio.timeout(10):
            while row(house)["blackholed"] != 5:  # noqa: ASYNC110 - counters announce nothing
                await asyncio.sleep(0.01)
        assert len(listener.others_datagrams) == (1 if victim == 1 else 3)
        assert listener.heard[2] == [b"\xfcbefore"]
        await listener.beat(9)  # the websocket lives
        house.faults.blackhole(victim, 0)
        await speaker.send_audio(b"\xfcafter")
        await listener.until(lambda: listener.heard[2] == [b"\xfcbefore", b"\xfcafter"])
    counts = row(house)
    assert (counts["packets_in"], counts["forwarded"], counts["blackholed"]) == (7, 2, 5)
    assert (counts["withheld"], counts["no_session"]) == (0, 0)


async def test_audio_for_a_user_without_a_session_is_counted_until_it_leaves(house: House) -> None:
    place = house.place(1, e2ee=False)
    async with VoiceLink(house.place(2, e2ee=False), house.client_tls) as speaker:
        speaker._known.add(1)
        speaker.others.add(1)
        speaker.speaking(1)
        async with Listener(place, house.client_tls) as listener:
            await spoken(speaker, b"\xfcnot yet")
            await listener.join()
            await spoken(speaker, b"\xfchere")
            await listener.until(lambda: listener.heard.get(2) == [b"\xfchere"])
            house.server.hang_up(1, 4006)
            await closed_with(listener)
        await spoken(speaker, b"\xfcnot any more")
        counts = row(house)
        assert (counts["packets_in"], counts["no_session"], counts["forwarded"]) == (3, 2, 1)
        await house.server.release(guild_id=GUILD, user_id=1)
        await spoken(speaker, b"\xfcgone")
        assert row(house)["packets_in"] == 3


async def test_a_deafened_user_is_sent_nothing_and_a_muted_one_not_heard(house: House) -> None:
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as listener,
        VoiceLink(house.place(2, e2ee=False), house.client_tls) as speaker,
    ):
        await listener.join()
        speaker.speaking(1)
        house.server.moderate(guild_id=GUILD, user_id=1, mute=False, deaf=True)
        await spoken(speaker, b"\xfcto the deaf")
        house.server.moderate(guild_id=GUILD, user_id=1, mute=True, deaf=False)
        house.server.moderate(guild_id=GUILD, user_id=2, mute=True, deaf=False)
        await spoken(speaker, b"\xfcby the mute")
        house.server.moderate(guild_id=GUILD, user_id=2, mute=False, deaf=False)
        await spoken(speaker, b"\xfcheard")
        await listener.until(lambda: listener.heard.get(2) == [b"\xfcheard"])
    counts = row(house)
    assert (counts["deafened"], counts["muted"], counts["forwarded"]) == (1, 1, 1)


async def test_an_outage_cuts_everybody_off_and_lets_nobody_in(house: House) -> None:
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as listener,
        Listener(house.place(2, e2ee=False), house.client_tls) as other,
    ):
        await listener.join()
        await other.join()
        assert house.server.outage(LONG_S) == 2
        assert await closed_with(listener) == 1006
        assert await closed_with(other) == 1006
        other.udp.sendto(other.seal(b"\xfclost", 1, 960))
        with pytest.raises(OSError):
            await listener.open()
        house.faults.begin_outage(0)
        assert await resume(listener) == 9
        other.udp.sendto(other.seal(b"\xfcheard", 2, 1920))
        await listener.until(lambda: listener.heard.get(2) == [b"\xfcheard"])
    counts = row(house)
    assert (counts["blackholed"], counts["forwarded"]) == (1, 1)


async def test_a_broken_region_refuses_its_channels(house: House) -> None:
    house.faults.broken_regions[None] = 4011
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.identify()
        assert await closed_with(listener) == 4011
    house.faults.broken_regions = {"mars": 4011}
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()


async def test_another_main_gateway_session_ends_the_voice_session_before_it(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        house.server.allocate(guild_id=GUILD, channel_id=CHANNEL, user_id=1, session_id="a second instance")
        assert await closed_with(listener) == 4014
