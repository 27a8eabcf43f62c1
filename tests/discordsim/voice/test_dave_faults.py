"""What a client of either public DAVE implementation sees when its group goes wrong on purpose."""

import asyncio

import pytest

from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.discordsim.voice.faults import Damage
from notetaker.discordsim.voice.transitions import TRANSITION_TIMEOUT_S
from tests.discordsim.voice.conftest import CHANNEL, GUILD, House
from tests.discordsim.voice.listener import XCHACHA, Listener

BOTH = pytest.mark.parametrize("kind", ["d", "l"], ids=["davey", "libdave"])


def ear(house: House, kind: str, user_id: int = 1) -> Listener:
    return Listener(house.place(user_id), house.client_tls, XCHACHA, kind)


async def heard(listener: Listener, speaker: VoiceLink, frame: bytes) -> None:
    """Let the speaker say something, which must be the next thing that the listener hears."""
    before = len(listener.heard.get(2, []))
    async with asyncio.timeout(10):
        await speaker.send_audio(frame)
    await listener.until(lambda: len(listener.heard.get(2, [])) > before)
    assert listener.heard[2][before:] == [frame]


@BOTH
async def test_a_damaged_welcome_is_refused_and_the_next_one_is_whole(house: House, kind: str) -> None:
    async with VoiceLink(house.place(2), house.client_tls) as speaker, ear(house, kind, 3) as other:
        await other.join()
        await other.until(lambda: other.established)
        house.faults.damage(Damage.WELCOME, 1)
        async with ear(house, kind) as listener:
            await listener.join()
            await listener.until(lambda: listener.ops().count(30) == 2 and listener.established)
            speaker.speaking(1)
            await heard(listener, speaker, b"\xfchello")
    assert [event["kind"] for event in house.events if event["event"] == "fault"] == ["dave_invalid_welcome"]


@BOTH
async def test_a_damaged_commit_is_refused_and_the_member_comes_back(house: House, kind: str) -> None:
    async with VoiceLink(house.place(2), house.client_tls) as speaker, ear(house, kind) as listener:
        await listener.join()
        await listener.until(lambda: listener.established)
        speaker.speaking(1)
        await heard(listener, speaker, b"\xfcbefore")
        house.faults.damage(Damage.COMMIT, 1)
        welcomes = listener.ops().count(30)
        async with ear(house, kind, 3) as third:
            await third.join()
            await listener.until(lambda: listener.ops().count(30) == welcomes + 1)
            await listener.until(lambda: listener.ops()[-1] == 22 or listener.ops()[-1] == 6)
            await heard(listener, speaker, b"\xfcafter")
    assert [event["kind"] for event in house.events if event["event"] == "fault"] == ["dave_invalid_commit"]


@BOTH
async def test_damaged_audio_is_authentic_and_cannot_be_decrypted(house: House, kind: str) -> None:
    async with VoiceLink(house.place(2), house.client_tls) as speaker, ear(house, kind) as listener:
        await listener.join()
        await listener.until(lambda: listener.established)
        speaker.speaking(1)
        await heard(listener, speaker, b"\xfcbefore")
        house.faults.damage(Damage.AUDIO, 1, 3)
        for number in range(3):
            await speaker.send_audio(bytes([0xFC, number]))
        await heard(listener, speaker, b"\xfcafter")
        assert listener.heard[2] == [b"\xfcbefore", b"\xfcafter"]
        assert len(listener.undecryptable[2]) == 3
    assert listener.bad == 0
    (counts,) = [row for row in house.server.stats() if (row["sender"], row["receiver"]) == (2, 1)]
    assert (counts["forwarded"], counts["damaged"]) == (5, 3)


@BOTH
async def test_a_channel_stops_using_dave_and_starts_again(house: House, kind: str) -> None:
    async with VoiceLink(house.place(2), house.client_tls) as speaker, ear(house, kind) as listener:
        await listener.join()
        await listener.until(lambda: listener.established)
        speaker.speaking(1)
        await heard(listener, speaker, b"\xfcencrypted")
        assert house.server.change_version(GUILD, CHANNEL, dave=False)
        assert not house.server.change_version(GUILD, CHANNEL, dave=False), "nothing to change"
        await listener.until(lambda: listener.ops()[-2:] == [21, 22])
        assert listener.body(21)["protocol_version"] == 0
        assert listener.body(21)["transition_id"] == listener.body(22)["transition_id"] != 0
        await heard(listener, speaker, b"\xfcin the clear")
        async with ear(house, kind, 3) as third:
            await third.join()
            assert third.body(4)["dave_protocol_version"] == 0
            await third.until(lambda: 2 in third.speakers.values())
            await speaker.send_audio(b"\xfcfor both")
            await third.until(lambda: third.heard.get(2) == [b"\xfcfor both"])
            await listener.until(lambda: listener.heard[2][-1] == b"\xfcfor both")
            assert not {21, 22, 25, 27, 29, 30} & set(third.ops())
        listener.downgraded = False  # from here on, the listener accepts nothing in the clear
        assert house.server.change_version(GUILD, CHANNEL, dave=True)
        await listener.until(lambda: listener.ops().count(22) == 3)
        assert listener.body(24) == {"protocol_version": 1, "epoch": 1}
        await listener.beat(50)
        await heard(listener, speaker, b"\xfcencrypted again")
    assert listener.undecryptable == {}


async def test_who_came_without_dave_takes_part_in_the_upgrade(house: House) -> None:
    async with ear(house, "l") as listener:
        await listener.join()
        assert house.server.change_version(GUILD, CHANNEL, dave=False)
        async with VoiceLink(house.place(2), house.client_tls) as speaker:
            assert speaker.dave is None
            speaker.speaking(1)
            await listener.until(lambda: listener.has(5))
            await heard(listener, speaker, b"\xfcin the clear")
            assert house.server.change_version(GUILD, CHANNEL, dave=True)
            await listener.until(lambda: listener.established)
            listener.downgraded = False
            await heard(listener, speaker, b"\xfcencrypted")


@BOTH
async def test_an_unknown_transition_changes_nothing(house: House, kind: str) -> None:
    async with VoiceLink(house.place(2), house.client_tls) as speaker, ear(house, kind) as listener:
        await listener.join()
        await listener.until(lambda: listener.established)
        await listener.until(lambda: listener.has(22))
        known = {m["d"]["transition_id"] for m in listener.messages if m["op"] == 22}
        for user_id in (1, 2):
            assert house.server.execute_unknown_transition(GUILD, user_id)
        await listener.until(lambda: listener.body(22)["transition_id"] not in known)
        speaker.speaking(1)
        await heard(listener, speaker, b"\xfcstill here")
    assert not house.server.execute_unknown_transition(GUILD, 99)


@BOTH
async def test_a_broken_sender_is_decrypted_by_nobody_until_it_is_mended(house: House, kind: str) -> None:
    async with VoiceLink(house.place(2), house.client_tls) as speaker, ear(house, kind) as listener:
        await listener.join()
        await listener.until(lambda: listener.established)
        speaker.speaking(1)
        house.faults.break_sender(2, 60)
        for number in range(3):
            await speaker.send_audio(bytes([0xFC, number]))
        await listener.until(lambda: len(listener.undecryptable.get(2, [])) == 3)
        house.faults.break_sender(2, 0)
        await heard(listener, speaker, b"\xfcmended")
    (counts,) = [row for row in house.server.stats() if (row["sender"], row["receiver"]) == (2, 1)]
    assert (counts["forwarded"], counts["damaged"]) == (4, 3)


async def test_who_sends_no_key_package_is_in_no_group_and_keeps_nobody_out(house: House) -> None:
    house.faults.damage(Damage.KEY_PACKAGE, 2)
    async with ear(house, "d", 2) as keyless, ear(house, "l") as listener:
        await keyless.join()
        await listener.join()
        await listener.beat(50)
        assert not {27, 29, 30} & set(listener.ops())
        async with VoiceLink(house.place(3), house.client_tls):
            await listener.until(lambda: listener.established)
        assert not keyless.has(30)


async def test_a_member_that_is_never_ready_delays_op_22_for_everyone(house: House) -> None:
    async with VoiceLink(house.place(2), house.client_tls), ear(house, "l") as listener:
        house.faults.damage(Damage.READY, 2)
        await listener.join()
        await listener.until(lambda: listener.has(30))
        welcomed = asyncio.get_running_loop().time()
        await listener.until(lambda: listener.has(22))
        assert asyncio.get_running_loop().time() - welcomed > TRANSITION_TIMEOUT_S * 0.9
        assert listener.body(22)["transition_id"] == 1


@pytest.mark.parametrize("removed", [True, False])
async def test_a_severed_websocket_may_cost_the_place_in_the_group(house: House, removed: bool) -> None:
    async with (
        VoiceLink(house.place(2), house.client_tls) as speaker,
        ear(house, "d", 3) as other,
        ear(house, "l") as listener,
    ):
        await other.join()
        await listener.join()
        await listener.until(lambda: listener.established)
        await listener.until(lambda: listener.has(22))
        speaker.speaking(1)
        if removed:
            house.faults.damage(Damage.SEVERED, 1)
        assert speaker.dave is not None
        await listener.drop()
        members = [2, 3] if removed else [1, 2, 3]
        async with asyncio.timeout(5):
            while sorted(speaker.dave.members) != members:  # noqa: ASYNC110 - davey has no event
                await asyncio.sleep(0.01)
        await listener.open()
        resume = {"server_id": str(GUILD), "session_id": "session-1", "token": listener.place.token}
        listener.send(7, {**resume, "seq_ack": listener.sequences[-1]})
        await listener.until(lambda: listener.has(9))
        await speaker.send_audio(b"\xfcafterwards")
        await listener.until(lambda: bool(listener.undecryptable if removed else listener.heard))
