"""The rules of the voice gateway: order, close codes, heartbeats, resume. What the client sees, over TLS."""

import asyncio
import json

import pytest

from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.discordsim.speaker.socket import SpeakerError
from notetaker.discordsim.voice import switchboard
from tests.discordsim.voice.conftest import CHANNEL, GUILD, House
from tests.discordsim.voice.listener import PATIENCE_S, Listener


async def closed_with(listener: Listener) -> int | None:
    await listener.until(lambda: listener.close_code is not None)
    return listener.close_code


async def test_hello_comes_first_and_the_handshake_in_discords_order(house: House) -> None:
    async with (
        Listener(house.place(1), house.client_tls) as first,
        VoiceLink(house.place(2), house.client_tls),
    ):
        await first.join()
        await first.until(lambda: first.has(22))
        assert first.messages[0] == {"op": 8, "d": {"v": 8, "heartbeat_interval": 13750}}
        ops = [op for op in first.ops() if op not in (6, 13)]
    # 2 ready, 11 18 20 who is here, 5 who spoke, 4 keys, 25 external sender, 27 proposals, then the group.
    assert ops[:8] == [8, 2, 11, 18, 20, 5, 4, 25]
    assert ops[8:] in ([27, 29, 22], [27, 30, 22])
    assert first.body(2)["modes"] == ["aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"]
    assert len(first.body(4)["secret_key"]) == 32
    assert first.body(4)["dave_protocol_version"] == 1


async def test_those_present_learn_of_a_joiner_before_its_proposal(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as first:
        await first.join()
        seen = len(first.messages)
        async with Listener(house.place(2), house.client_tls) as second:
            await second.join()
            await first.until(lambda: first.has(22))
        await first.until(lambda: first.has(21))
    ops = [op for op in first.ops()[seen:] if op != 5]
    assert ops[:4] == [11, 18, 20, 27]
    assert ops[-3:] == [13, 24, 21], "the sole member left is reset"
    assert first.body(11) == {"user_ids": ["2"]}
    assert first.body(13) == {"user_id": "2"}
    assert (first.body(24), first.body(21)) == (
        {"protocol_version": 1, "epoch": 1},
        {"protocol_version": 1, "transition_id": 0},
    )


async def test_json_and_binary_messages_share_one_numbering(house: House) -> None:
    async with (
        Listener(house.place(1), house.client_tls) as first,
        VoiceLink(house.place(2), house.client_tls),
    ):
        await first.join()
        await first.until(lambda: first.has(22))
        assert first.sequences == list(range(1, len(first.sequences) + 1))
    assert all("seq" not in message for message in first.messages if message["op"] in (6, 8))


async def test_aes_can_be_left_out_of_the_modes(house: House) -> None:
    house.faults.offer_aes_gcm = False
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        assert listener.body(2)["modes"] == ["aead_xchacha20_poly1305_rtpsize"]
    async with VoiceLink(house.place(2), house.client_tls):
        pass


async def test_both_forms_of_heartbeat_are_answered(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        listener.send(3, {"t": 1501184119561, "seq_ack": -1})
        await listener.until(lambda: listener.has(6))
        assert listener.body(6) == {"t": 1501184119561}
        listener.send(3, 1501184119562)
        await listener.until(lambda: listener.body(6) == 1501184119562)


async def test_speaking_is_relayed_with_the_speakers_own_ssrc(house: House) -> None:
    async with (
        Listener(house.place(1), house.client_tls) as first,
        Listener(house.place(2), house.client_tls) as second,
    ):
        await first.join()
        await second.join()
        second.send(5, {"speaking": 1, "delay": 0, "ssrc": 99})
        await first.until(lambda: first.has(5) and first.body(5)["speaking"] == 1)
        assert first.body(5) == {"user_id": "2", "ssrc": second.ssrc, "speaking": 1}
        async with Listener(house.place(3), house.client_tls) as third:
            await third.identify()
            await third.until(lambda: third.ops().count(5) == 2)
            assert [m["d"] for m in third.messages if m["op"] == 5] == [
                {"user_id": "1", "ssrc": first.ssrc, "speaking": 0},
                {"user_id": "2", "ssrc": second.ssrc, "speaking": 1},
            ]
    spoke = {"event": "speaking", "user_id": 2, "speaking": True}
    assert any(event | spoke == event for event in house.events)


async def test_a_rejoining_user_has_a_new_ssrc(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
    async with Listener(house.place(1), house.client_tls) as again:
        await again.join()
    assert listener.ssrc != again.ssrc


async def test_a_refused_identify_spends_the_token_and_the_next_pair_works(house: House) -> None:
    house.faults.refuse_identify(1, 4006)
    place = house.place(1)
    for _ in range(2):
        async with Listener(place, house.client_tls) as listener:
            await listener.identify()
            assert await closed_with(listener) == 4006
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
    assert house.closes() == [(1, 4006), (1, 4006)]


async def test_an_identify_is_refused_as_often_as_scripted(house: House) -> None:
    house.faults.refuse_identify(1, 4011, times=2)
    for _ in range(2):
        async with Listener(house.place(1), house.client_tls) as listener:
            await listener.identify()
            assert await closed_with(listener) == 4011
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()


async def test_a_client_without_dave_gets_4017(house: House) -> None:
    async with Listener(house.place(1), house.client_tls, version=0) as listener:
        await listener.identify()
        assert await closed_with(listener) == 4017
    assert house.closes() == [(1, 4017)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"token": "no such token"}, 4004),
        ({"session_id": "another's"}, 4006),
        ({"user_id": "5"}, 4006),
        ({"server_id": "5"}, 4011),
        ({"server_id": "five"}, 4002),
        ({"token": None}, 4002),
        ({"max_dave_protocol_version": True}, 4002),
    ],
)
async def test_an_identify_that_is_wrong(house: House, changes: dict[str, object], code: int) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.identify(**changes)
        assert await closed_with(listener) == code


async def test_a_later_allocation_makes_the_earlier_token_worthless(house: House) -> None:
    early = house.place(1)
    house.place(1)
    async with Listener(early, house.client_tls) as listener:
        await listener.identify()
        assert await closed_with(listener) == 4004


async def test_ids_may_be_json_integers(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.identify(server_id=GUILD, user_id=1)
        assert listener.has(2)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", 4002),
        ("[]", 4002),
        ("null", 4002),
        ('{"d": {}}', 4002),
        ('{"op": "5", "d": {}}', 4002),
        ('{"op": 5, "d": []}', 4002),
        ('{"op": 5, "d": {"speaking": "loudly"}}', 4002),
        ('{"op": 5, "d": {"speaking": 1e400}}', 4002),
        ('{"op": 3, "d": null}', 4002),
        ("[" * 60000, 4002),
        ('{"op": 999, "d": null}', 4001),
        ('{"op": 2, "d": {}}', 4001),
        ('{"op": 0, "d": {}}', 4005),
        ('{"op": 7, "d": {}}', 4005),
        ('{"op": 1, "d": {"protocol": "webrtc", "data": {}}}', 4012),
        ('{"op": 1, "d": {"protocol": "udp"}}', 4002),
        ('{"op": 1, "d": {"protocol": "udp", "data": {"address": "x", "port": 1, "mode": "plain"}}}', 4016),
        ('{"op": 1, "d": {"protocol": "udp", "data": {"address": "x", "port": 1, "mode": "%s"}}}', 4002),
        ('{"op": 1, "d": {"protocol": "udp", "data": {"address": "::", "port": 0, "mode": "%s"}}}', 4002),
    ],
)
async def test_a_broken_message_closes_its_sender_and_nobody_else(house: House, text: str, code: int) -> None:
    async with (
        Listener(house.place(1), house.client_tls) as bystander,
        Listener(house.place(2), house.client_tls) as listener,
    ):
        await bystander.join()
        await listener.identify()
        listener.send_text(text.replace("%s", listener.mode))
        assert await closed_with(listener) == code
        assert house.closes() == [(2, code)]
        await bystander.until(lambda: bystander.has(13))
        await bystander.beat(5)


@pytest.mark.parametrize("op", [1, 5, 12, 16, 23, 31])
async def test_anything_before_identify_is_4003(house: House, op: int) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        listener.send(op, {})
        assert await closed_with(listener) == 4003


@pytest.mark.parametrize("query", ["", "?v=3", "?v=ten", "?v=" + "9" * 5000])
async def test_an_unknown_gateway_version_is_4012(house: House, query: str) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.hang_up()
        await listener.open(query)
        assert await closed_with(listener) == 4012


async def test_json_in_binary_frames_is_discarded_without_a_word(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        listener.send_bytes(json.dumps({"op": 0, "d": {}}).encode())
        await listener.beat(2)
        assert listener.ops() == [8, 6]


async def test_optional_opcodes_are_tolerated(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        for op in (12, 14, 15):
            listener.send(op, {"any": 100})
        listener.send(16, {})
        await listener.until(lambda: listener.has(16))
        assert set(listener.body(16)) == {"voice", "rtc_worker"}


async def test_hostile_dave_messages_cost_nothing(house: House) -> None:
    async with (
        Listener(house.place(1), house.client_tls) as first,
        VoiceLink(house.place(2), house.client_tls) as second,
    ):
        await first.join()
        await first.until(lambda: first.established)
        for op in (26, 28):
            for body in (b"", b"\0", b"\0\1\0\1" + b"\xff" * 40, bytes(range(256)) * 8):
                first.send_bytes(bytes([op]) + body)
        first.send(23, {"transition_id": 77})
        first.send(23, {"transition_id": 2**70})
        await first.beat(3)
        second.speaking(1)
        await second.send_audio(b"\xfcstill here")
        await first.until(lambda: first.heard.get(2) == [b"\xfcstill here"])


async def test_resume_brings_what_was_missed_and_audio_goes_on(house: House) -> None:
    async with (
        Listener(house.place(1), house.client_tls) as first,
        VoiceLink(house.place(2), house.client_tls) as second,
    ):
        await first.join()
        await first.until(lambda: first.established)
        await first.drop()
        second.speaking(1)
        for number in range(5):
            await second.send_audio(bytes([0xFC, number]))
        # UDP stays up while the websocket is away.
        await first.until(lambda: len(first.heard.get(2, [])) == 5)
        seen = first.sequences[-1]
        first.messages.clear()
        await first.open()
        body = {
            "server_id": str(GUILD),
            "session_id": first.place.session_id,
            "token": first.place.token,
            "seq_ack": seen,
        }
        first.send(7, body)
        await first.until(lambda: first.has(5))
        assert [op for op in first.ops() if op != 8] == [9, 5]
        assert first.body(5)["speaking"] == 1
        assert first.sequences[-1] == seen + 1
        async with Listener(house.place(3), house.client_tls) as third:
            await third.join()
            await first.until(lambda: first.has(29))
            await second.send_audio(b"\xfcafter")
            await first.until(lambda: first.heard[2][-1] == b"\xfcafter")


async def test_a_client_without_heartbeat_gets_4009_and_may_resume(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        (connection,) = house.server._connections
        connection._patience_s = 0.1
        await listener.beat(2)
        assert await closed_with(listener) == 4009
        await listener.open()
        place = listener.place
        body = {"server_id": str(GUILD), "session_id": place.session_id, "token": place.token}
        listener.send(7, body | {"seq_ack": listener.sequences[-1]})
        await listener.until(lambda: listener.has(9))


async def test_who_does_not_resume_in_time_is_gone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchboard, "RESUME_WINDOW_S", 0.05)
    async with (
        Listener(house.place(1), house.client_tls) as first,
        Listener(house.place(2), house.client_tls) as second,
    ):
        await first.join()
        await second.join()
        await first.until(lambda: first.has(22))
        await second.drop()
        await first.until(lambda: first.has(21))
        assert [op for op in first.ops() if op != 6][-3:] == [13, 24, 21]


async def test_a_resume_of_nothing_is_4006(house: House) -> None:
    place = house.place(1)
    async with Listener(place, house.client_tls) as listener:
        await listener.join()
    async with Listener(place, house.client_tls) as listener:  # it hung up with 1000: the session is over
        body = {"server_id": str(GUILD), "session_id": place.session_id, "token": place.token}
        listener.send(7, body)
        assert await closed_with(listener) == 4006


async def test_a_resume_whose_messages_are_gone_is_4006(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        await listener.drop()
        await listener.open()
        place = listener.place
        body = {"server_id": str(GUILD), "session_id": place.session_id, "token": place.token}
        listener.send(7, body | {"seq_ack": 40000})
        assert await closed_with(listener) == 4006


async def test_release_closes_with_4014_and_the_others_see_it(house: House) -> None:
    async with (
        Listener(house.place(1), house.client_tls) as first,
        Listener(house.place(2), house.client_tls) as second,
    ):
        await first.join()
        await second.join()
        await house.server.release(guild_id=GUILD, user_id=2)
        assert await closed_with(second) == 4014
        await first.until(lambda: first.has(13))
        assert house.closes() == [(2, 4014)]


async def test_a_move_closes_the_old_channel(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as old:
        await old.join()
        place = house.place(1, CHANNEL + 1)
        assert await closed_with(old) == 4014
        async with Listener(place, house.client_tls) as new:
            await new.join()


async def test_a_new_session_in_the_same_channel_may_connect_before_the_old_one_ends(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as old:
        await old.join()
        place = house.place(1)
        await old.beat(9)
        assert old.close_code is None
        async with Listener(place, house.client_tls) as new:
            await new.join()
            assert await closed_with(old) == 4014
            await new.beat(9)


async def test_speakers_are_told_when_the_server_throws_them_out(house: House) -> None:
    async with VoiceLink(house.place(1), house.client_tls) as link:
        await house.server.release(guild_id=GUILD, user_id=1, code=4022)
        with pytest.raises(SpeakerError, match=r"closed with code 4022"):
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    await link.send_audio(b"\xfc")
                    await asyncio.sleep(0)


async def test_stop_says_goodbye_to_everybody(house: House) -> None:
    async with Listener(house.place(1), house.client_tls) as listener:
        await listener.join()
        await house.server.stop()
        assert await closed_with(listener) == 1001
