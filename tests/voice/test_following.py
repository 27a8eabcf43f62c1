"""Discord moves the call, or us: the new connection is made first, and nobody leaves the channel for it."""

import asyncio
from pathlib import Path

import pytest

from notetaker.model.voice import VoiceServer, VoiceState
from notetaker.voice import presence
from tests.voice.call import BOT, CHANNEL, GUILD, Call, Recording, a_call

ADA = 501
SPEECH = [b"\xfc" + bytes([n]) * 60 for n in range(40)]


def new_server(call: Call, channel_id: int = CHANNEL) -> VoiceServer:
    """Discord allocates a server for the session that we have: another token."""
    token = call.server.allocate(
        guild_id=GUILD, channel_id=channel_id, user_id=BOT, session_id="session 1", e2ee=call.e2ee
    )
    return VoiceServer(GUILD, token, call.server.endpoint)


async def test_a_new_voice_server_is_connected_before_the_old_one_is_left(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            for frame in SPEECH[:20]:
                await ada.send_audio(frame)
            await recording.until_heard(ADA, 20)
            call.gateway.tell(new_server(call))
            await recording.until_event("opened", times=2)
            for frame in SPEECH[20:]:
                await ada.send_audio(frame)
            assert await recording.until_heard(ADA, 40) == SPEECH
        closed = recording.events.index("closed")
        assert recording.events[closed + 1] == "opened", "nothing happens between the two"
        assert call.gateway.asked == [CHANNEL]


async def test_the_same_voice_server_told_again_changes_nothing(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        connection = call.manager._guilds[GUILD].reception.connection
        assert connection is not None
        credentials = connection.session.credentials
        call.gateway.tell(VoiceServer(GUILD, credentials.token, credentials.endpoint))
        async with call.speaker(ADA) as ada:
            await ada.send_audio(SPEECH[0])
            await recording.until_heard(ADA, 1)
        assert recording.events.count("opened") == 1


@pytest.mark.parametrize("state_first", [True, False])
async def test_a_move_is_followed_with_the_pair_that_comes_with_it(tmp_path: Path, state_first: bool) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        events: list[VoiceState | VoiceServer] = [
            VoiceState(GUILD, CHANNEL + 1, BOT, "session 1"),
            new_server(call, CHANNEL + 1),
        ]
        for event in events if state_first else reversed(events):
            call.gateway.tell(event)
        await recording.until_event("opened", times=2)
        assert call.manager.channel(GUILD) == CHANNEL + 1
        assert call.gateway.asked == [CHANNEL], "nobody asked or left for it"
        assert call.removed.empty()


async def test_a_null_endpoint_is_waited_out(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        call.gateway.tell(VoiceServer(GUILD, "gone", None))
        await asyncio.sleep(0)
        call.gateway.tell(new_server(call))
        await recording.until_event("opened", times=2)
        assert call.gateway.asked == [CHANNEL]


async def test_a_new_voice_server_that_does_not_work_ends_in_a_new_session(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        call.gateway.tell(VoiceServer(GUILD, "a token that is not ours", call.server.endpoint))
        await recording.until_event("opened", times=2)
        assert call.gateway.asked == [CHANNEL, None, CHANNEL]


async def test_after_4014_without_a_word_we_come_back(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        call.clock.deadlines[presence.WHAT_NEXT_S] = 0.05
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4014)
        await recording.until_event("opened", times=2)
        assert call.gateway.asked == [CHANNEL, None, CHANNEL]
