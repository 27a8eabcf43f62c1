"""What is spoken is heard: every Opus payload is compared end to end, with an independent receiver."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest

from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.discordsim.speaker.speaker import SILENCE, SILENCE_FRAMES
from tests.discordsim.voice.conftest import House
from tests.discordsim.voice.listener import AES, XCHACHA, Listener

PAUSE = [SILENCE] * SILENCE_FRAMES


def frames(speaker: int, count: int = 40) -> list[bytes]:
    """Return distinct payloads, so that a lost, duplicated or misplaced one is noticed."""
    return [bytes([0xFC, speaker, number]) + bytes(range(30 + number % 20)) for number in range(count)]


async def say(link: VoiceLink, spoken: Sequence[bytes]) -> None:
    """Send frames faster than in real time, which test_speaker tests."""
    link.speaking(1)
    for frame in [*spoken, *PAUSE]:
        await link.send_audio(frame)
        await asyncio.sleep(0.002)
    link.speaking(0)


def heard_from(listener: Listener, user_id: int) -> list[bytes]:
    return listener.heard.get(user_id, [])


def check_every_packet_is_accounted_for(house: House, listener: Listener, sender: int) -> None:
    (entry,) = [
        entry
        for entry in house.server.stats()
        if (entry["sender"], entry["receiver"]) == (sender, listener.place.user_id)
    ]
    assert (entry["packets_in"], entry["withheld"]) == (entry["forwarded"], 0)
    assert entry["forwarded"] == listener.audio[sender]
    assert entry["padding_only"] == listener.padding_only[sender]


@pytest.mark.parametrize("mode", [AES, XCHACHA])
@pytest.mark.parametrize("kind", ["d", "l"], ids=["davey", "libdave"])
async def test_three_speakers_are_heard_word_for_word(house: House, mode: str, kind: str) -> None:
    async with Listener(house.place(1), house.client_tls, mode, kind) as listener:
        await listener.join()
        async with (
            VoiceLink(house.place(2), house.client_tls, mode) as second,
            VoiceLink(house.place(3), house.client_tls, mode) as third,
            VoiceLink(house.place(4), house.client_tls, mode) as fourth,
        ):
            await listener.until(lambda: listener.established and listener.ops().count(22) == 3)
            async with asyncio.TaskGroup() as tasks:
                for user, link in ((2, second), (3, third), (4, fourth)):
                    tasks.create_task(say(link, frames(user)))
            everything = [frames(user) + PAUSE for user in (2, 3, 4)]
            await listener.until(lambda: sum(map(len, listener.heard.values())) >= sum(map(len, everything)))
        assert [heard_from(listener, user) for user in (2, 3, 4)] == everything
        assert second.packets_sent == len(everything[0])
    assert listener.bad == 0
    assert set(listener.extensions) == {None, 0, 1, 2, 3}
    assert listener.padded > 0 and sum(listener.padding_only.values()) > 0
    for user in (2, 3, 4):
        check_every_packet_is_accounted_for(house, listener, user)
        numbers = listener.headers[user]
        assert {(after - before) & 0xFFFF for before, after in pairwise(numbers)} == {1}


@pytest.mark.parametrize("kind", ["d", "l"], ids=["davey", "libdave"])
async def test_joining_and_leaving_while_others_speak_loses_nothing(house: House, kind: str) -> None:
    async with (
        Listener(house.place(1), house.client_tls, XCHACHA, kind) as listener,
        VoiceLink(house.place(2), house.client_tls) as second,
    ):
        await listener.join()
        await listener.until(lambda: listener.established and listener.ops().count(22) == 1)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(say(second, frames(2, 200)))
            async with VoiceLink(house.place(3), house.client_tls) as third:
                await say(third, frames(3, 20))
                await listener.until(lambda: len(heard_from(listener, 3)) == 25)
            await listener.until(lambda: listener.ops().count(29) + listener.ops().count(30) >= 3)
        await listener.until(lambda: len(heard_from(listener, 2)) == 205)
    assert heard_from(listener, 2) == frames(2, 200) + PAUSE
    assert heard_from(listener, 3) == frames(3, 20) + PAUSE
    epochs = [event["epoch"] for event in house.events if event["event"] == "dave_epoch"]
    assert epochs == [1, 2, 3]


async def test_a_late_joiner_hears_everything_from_then_on(house: House) -> None:
    async with (
        Listener(house.place(1), house.client_tls) as listener,
        VoiceLink(house.place(2), house.client_tls) as second,
    ):
        await listener.join()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(say(second, frames(2, 200)))
            async with Listener(house.place(3), house.client_tls, AES) as late:
                await late.join()
                await late.until(lambda: len(heard_from(late, 2)) > 20 and late.has(22))
                await listener.until(lambda: len(heard_from(listener, 2)) == 205)
                await late.until(lambda: heard_from(late, 2)[-5:] == PAUSE)
    heard = heard_from(late, 2)
    assert heard == (frames(2, 200) + PAUSE)[-len(heard) :]
    assert late.audio[2] == len(heard) + len(late._held)


async def test_a_stage_has_no_dave(house: House) -> None:
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls, version=0) as listener,
        VoiceLink(house.place(2, e2ee=False), house.client_tls) as speaker,
    ):
        await listener.join()
        assert listener.body(4)["dave_protocol_version"] == 0
        assert speaker.dave_version == 0
        await say(speaker, frames(2))
        await listener.until(lambda: len(heard_from(listener, 2)) == 45)
    assert heard_from(listener, 2) == frames(2) + PAUSE
    assert not set(listener.ops()) & set(range(21, 31))


async def test_a_client_that_never_said_op_5_neither_hears_nor_is_heard(house: House) -> None:
    async with (
        Listener(house.place(1, e2ee=False), house.client_tls) as mute,
        Listener(house.place(2, e2ee=False), house.client_tls) as listener,
        VoiceLink(house.place(3, e2ee=False), house.client_tls) as speaker,
    ):
        await listener.join()
        await mute.identify()
        await mute.select()
        mute.udp.sendto(mute.seal(b"\xfcnobody hears this", 1, 960))
        await say(speaker, frames(3, 5))
        await listener.until(lambda: len(heard_from(listener, 3)) == 10)
        assert mute.heard == {}
        assert 1 not in listener.heard
        assert house.server.dropped() == {"sender never sent op 5": 1}
        (entry,) = [e for e in house.server.stats() if (e["sender"], e["receiver"]) == (3, 1)]
        assert (entry["packets_in"], entry["forwarded"], entry["withheld"]) == (10, 0, 10)
