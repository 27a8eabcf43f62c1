"""A speaker joins a running local Discord through its main gateway, and speaks in real time."""

import asyncio
import ssl
import time
from itertools import pairwise

import pytest

from notetaker.discordsim.speaker.link import VoicePlace
from notetaker.discordsim.speaker.socket import SpeakerError
from notetaker.discordsim.speaker.speaker import SILENCE, Speaker
from notetaker.discordsim.world.entities import User
from tests.discordsim.conftest import Place
from tests.discordsim.voice.listener import Listener


def speaker(place: Place, name: str, channel: str = "Standup", **changes: object) -> Speaker:
    user = place.user(name)
    settings: dict[str, object] = {
        "api_url": place.local.api_url + "/v10",
        "token": user.token,
        "ca_file": place.local.ca_file,
        "guild_id": place.office.id,
        "channel_id": place.channel_id(channel),
        "name": name,
    }
    return Speaker(**(settings | changes))  # type: ignore[arg-type]


def listener(place: Place, user: User, channel: str = "Standup") -> Listener:
    """A listener in the channel, connected to the voice server only."""
    channel_id = place.channel_id(channel)
    token = place.local.voice.allocate(
        guild_id=place.office.id,
        channel_id=channel_id,
        user_id=user.id,
        session_id="s",
        e2ee=channel != "All hands",
    )
    seat = VoicePlace(place.office.id, channel_id, user.id, "s", place.local.voice.endpoint, token)
    return Listener(seat, ssl.create_default_context(cafile=str(place.local.ca_file)))


async def test_two_speakers_are_heard_at_the_pace_they_speak(place: Place) -> None:
    async with listener(place, place.bot) as ear, speaker(place, "Ada") as ada, speaker(place, "Ben") as ben:
        await ear.join()
        await ear.until(lambda: ear.established and len(ear.users) == 3)
        spoken = [bytes([0xFC, number, 1, 2, 3]) for number in range(15)]
        start = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ada.speak(spoken))
            tasks.create_task(ben.speak(spoken))
        # 15 frames and 5 of silence; the last of the 20 leaves 19 frame times after the first.
        assert asyncio.get_running_loop().time() - start >= 19 * 0.02 - 0.001
        for somebody in (ada, ben):
            assert somebody.user_id == place.user(somebody.name).id
            assert (somebody.packets_sent, somebody.link.dave_version, somebody.link.can_be_heard) == (
                20,
                1,
                True,
            )
            await ear.until(lambda who=somebody: len(ear.heard.get(who.user_id, [])) == 20)  # type: ignore[misc]
            assert ear.heard[somebody.user_id] == [*spoken, *[SILENCE] * 5]


async def test_a_speaker_says_when_it_speaks_and_others_see_it_go(place: Place) -> None:
    async with listener(place, place.bot) as ear:
        await ear.join()
        async with speaker(place, "Ada") as ada:
            await ada.speak([b"\xfcone"])
            await ada.leave()
            await ear.until(lambda: ear.has(13))
        assert [m["d"]["speaking"] for m in ear.messages if m["op"] == 5] == [0, 1, 0]
        assert ear.body(13) == {"user_id": str(ada.user_id)}
        assert place.office.voice_states.get(ada.user_id) is None


async def test_timestamps_tell_the_pause_between_two_runs(place: Place) -> None:
    async with listener(place, place.bot) as ear, speaker(place, "Ada") as ada:
        await ear.join()
        await ear.until(lambda: ear.established)
        clock, began = asyncio.get_running_loop().time, []
        for frame in (b"\xfcone", b"\xfctwo"):
            began.append(clock())
            await ada.speak([frame])
            await asyncio.sleep(0.1)
        await ear.until(lambda: len(ear.heard.get(ada.user_id, [])) == 12)
        stamps = ear.timestamps[ada.user_id]
    steps = [(after - before) % 2**32 for before, after in pairwise(stamps)]
    assert all(step % 960 == 0 for step in steps)
    assert sum(steps[:6]) == pytest.approx(48_000 * (began[1] - began[0]), abs=960)
    assert steps[5] >= 5 * 960


async def test_a_busy_computer_loses_nothing_that_is_said(place: Place) -> None:
    async with listener(place, place.bot) as ear, speaker(place, "Ada") as ada:
        await ear.join()
        await ear.until(lambda: ear.established)
        asyncio.get_running_loop().call_later(0.1, time.sleep, 0.17)
        await ada.speak([bytes([0xFC, number]) for number in range(15)])
        await ear.until(lambda: len(ear.heard.get(ada.user_id, [])) == 20)
        stamps = ear.timestamps[ada.user_id]
    assert [(after - before) % 2**32 for before, after in pairwise(stamps)] == [960] * 19


async def test_a_speaker_who_is_alone_sends_nothing_in_the_clear(place: Place) -> None:
    async with speaker(place, "Ada") as ada:
        await ada.speak([b"\xfcto myself"])
        assert (ada.packets_sent, ada.link.dave_version, ada.link.can_be_heard) == (0, 1, False)


async def test_a_speaker_waits_for_dave_before_it_is_heard(place: Place) -> None:
    async with speaker(place, "Ada") as ada:
        talking = asyncio.get_running_loop().create_task(ada.speak([bytes([0xFC, n]) for n in range(100)]))
        async with listener(place, place.bot) as ear:
            await ear.join()
            await talking
            await ear.until(lambda: ear.heard.get(ada.user_id, [])[-1:] == [SILENCE])
        (entry,) = [e for e in place.local.voice.stats() if e["sender"] == ada.user_id]
        # Packets sent between the group's commit and the listener's op 5 are withheld.
        assert ada.packets_sent == entry["packets_in"]
        assert ear.audio[ada.user_id] == entry["forwarded"] == len(ear.heard[ada.user_id])
        assert 5 < ada.packets_sent <= 105


async def test_on_a_stage_there_is_no_dave(place: Place) -> None:
    async with (
        listener(place, place.bot, "All hands") as ear,
        speaker(place, "Ada", "All hands") as ada,
    ):
        await ear.join()
        await ada.speak([b"\xfcladies and gentlemen"])
        await ear.until(lambda: len(ear.heard.get(ada.user_id, [])) == 6)
        assert (ada.link.dave_version, ada.link.dave) == (0, None)
        assert ear.heard[ada.user_id][0] == b"\xfcladies and gentlemen"


async def test_a_wrong_token_is_one_sentence(place: Place) -> None:
    with pytest.raises(SpeakerError, match=r"^gateway: the websocket was closed with code 4004$"):
        async with speaker(place, "Ada", token="wrong"):
            pass


async def test_a_gateway_that_is_not_there_is_one_sentence(place: Place) -> None:
    with pytest.raises(SpeakerError, match=r"^Ada cannot reach the gateway of http://127\.0\.0\.1:1/api: "):
        async with speaker(place, "Ada", api_url="http://127.0.0.1:1/api"):
            pass


async def test_a_refused_voice_identify_is_one_sentence(place: Place) -> None:
    place.local.faults.refuse_identify(place.user("Ada").id, 4006)
    with pytest.raises(SpeakerError, match=r"^voice: the websocket was closed with code 4006$"):
        async with speaker(place, "Ada"):
            pass
