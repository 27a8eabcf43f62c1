"""What a client is told of who is speaking, and what it hears, when that goes wrong on purpose."""

import pytest

from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.discordsim.voice.faults import Damage
from tests.discordsim.voice.conftest import GUILD, House
from tests.discordsim.voice.listener import Listener
from tests.discordsim.voice.test_faults import resume, spoken, struck

HEARER, ADA, BEN = 1, 2, 3


@pytest.mark.parametrize("kind", [Damage.SPEAKING_LOST, Damage.SPEAKING_AS_VIDEO, Damage.SPEAKING_LATE])
async def test_op_5_can_be_lost_late_or_an_op_12(house: House, kind: Damage) -> None:
    late_s = 0.2 if kind is Damage.SPEAKING_LATE else None
    house.faults.damage(kind, HEARER, times=1, seconds=late_s)
    async with Listener(house.place(HEARER), house.client_tls) as listener:
        await listener.join()
        async with VoiceLink(house.place(ADA), house.client_tls):  # says op 5 once
            await listener.until(lambda: listener.has(11))
            await listener.beat(2)
            assert not listener.has(5)
            assert listener.has(12) == (kind is Damage.SPEAKING_AS_VIDEO)
            if late_s:
                await listener.until(lambda: listener.has(5))
    if listener.has(12):
        assert (listener.body(12)["user_id"], listener.body(12)["audio_ssrc"] > 0) == (str(ADA), True)
    assert struck(house) == [kind]


async def test_a_late_op_5_does_not_come_after_its_speaker_has_left(house: House) -> None:
    house.faults.damage(Damage.SPEAKING_LATE, HEARER, seconds=0.1)
    house.faults.damage(Damage.SPEAKING_LATE, HEARER, seconds=0.2)
    async with Listener(house.place(HEARER), house.client_tls) as listener:
        await listener.join()
        async with VoiceLink(house.place(ADA), house.client_tls):
            pass
        await house.server.release(guild_id=GUILD, user_id=ADA)
        async with VoiceLink(house.place(BEN), house.client_tls):  # whose op 5 is due after Ada's
            await listener.until(lambda: listener.has(5))
    assert [m["d"]["user_id"] for m in listener.messages if m["op"] == 5] == [str(BEN)]


async def test_an_ssrc_goes_to_the_next_one_to_come(house: House) -> None:
    house.faults.damage(Damage.SSRC_REUSED, ADA)
    async with Listener(house.place(HEARER), house.client_tls) as listener:
        await listener.join()
        for user_id in (ADA, BEN):
            async with VoiceLink(house.place(user_id), house.client_tls):
                await listener.until(lambda: listener.has(5))
            await house.server.release(guild_id=GUILD, user_id=user_id)
        await listener.beat(2)
        told = [(m["d"]["user_id"], m["d"]["ssrc"]) for m in listener.messages if m["op"] == 5]
    (ada, first), (ben, second) = dict.fromkeys(told)
    assert (ada, ben, first) == (str(ADA), str(BEN), second)


async def test_op_13_can_come_after_its_user_is_back(house: House) -> None:
    house.faults.damage(Damage.LEFT_LATE, ADA, seconds=0.2)
    async with Listener(house.place(HEARER), house.client_tls) as listener:
        await listener.join()
        async with VoiceLink(house.place(ADA), house.client_tls):
            pass
        await house.server.release(guild_id=GUILD, user_id=ADA)
        async with VoiceLink(house.place(ADA), house.client_tls):
            await listener.until(lambda: listener.ops().count(11) == 2)
            assert not listener.has(13)
            await listener.until(lambda: listener.has(13))


async def test_a_resume_can_send_again_what_was_seen(house: House) -> None:
    house.faults.damage(Damage.REPLAY_OVERLAP, HEARER)
    async with Listener(house.place(HEARER), house.client_tls) as listener:
        await listener.join()
        seen = [message["op"] for message in listener.messages if "seq" in message]
        await listener.drop()
        assert await resume(listener) == 9
        await listener.beat(2)
        again = [message["op"] for message in listener.messages if "seq" in message]
        assert again == seen, "all, as there were few"


async def test_a_stream_can_go_on_anywhere(house: House) -> None:
    house.faults.padding_burst_chance = 0.0
    async with Listener(house.place(HEARER), house.client_tls) as listener:
        await listener.join()
        async with VoiceLink(house.place(ADA), house.client_tls) as ada:
            await spoken(ada, b"one", b"two")
            assert house.server.restart_stream(ADA) == 1
            await spoken(ada, b"three", b"four")
            await listener.until(lambda: len(listener.heard.get(ADA, [])) == 4)
    first, second, third, fourth = listener.headers[ADA]
    assert ((second - first) & 0xFFFF, (fourth - third) & 0xFFFF) == (1, 1)
    assert (third - second) & 0xFFFF != 1
    before, after = listener.timestamps[ADA][1:3]
    assert (after - before) & 0xFFFFFFFF > 48_000 * 60
    assert house.server.restart_stream(BEN) == 0
