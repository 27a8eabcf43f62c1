"""What goes on in one guild when things happen at the same time, or at a bad moment."""

import asyncio
from pathlib import Path
from ssl import SSLContext

import pytest
from aiohttp import ClientSession

from notetaker.model.outcome import Outcome
from notetaker.voice.ports import JoinFailed
from notetaker.voice.websocket import VoiceWebSocket
from tests.voice.call import BOT, CHANNEL, GUILD, Recording, a_call, until

ADA = 501
SPEECH = [b"\xfc" + bytes([n]) * 60 for n in range(20)]


@pytest.fixture
def slow_close(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """A voice server that takes its time to close the websocket; the event is set when it is asked to."""
    asked, close = asyncio.Event(), VoiceWebSocket.close

    async def closes_slowly(websocket: VoiceWebSocket) -> None:
        asked.set()
        await asyncio.sleep(0.3)
        await close(websocket)

    monkeypatch.setattr(VoiceWebSocket, "close", closes_slowly)
    return asked


async def test_leaving_while_a_lost_session_is_closed_keeps_its_counts(
    tmp_path: Path, slow_close: asyncio.Event
) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        async with call.speaker(ADA) as ada:
            await call.manager.join(GUILD, CHANNEL, recording)
            for frame in SPEECH:
                await ada.send_audio(frame)
            await recording.until_heard(ADA, 20)
            await call.server.release(guild_id=GUILD, user_id=BOT, code=4006)
            async with asyncio.timeout(5):
                await slow_close.wait()
            await asyncio.sleep(0)
            (during,) = call.manager.coverage(GUILD)
            await call.manager.leave(GUILD)
            (after,) = call.manager.coverage(GUILD)
        assert during.outcomes[Outcome.HEARD] == after.outcomes[Outcome.HEARD] == 20
        assert recording.events == ["opened", f"joined {ADA}", "closed"]


async def test_what_no_retry_can_mend_ends_the_intent(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await call.manager.join(GUILD, CHANNEL)
        call.faults.refuse_identify(BOT, 4017, times=9)
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4006)
        async with asyncio.timeout(5):
            assert "(4017)" in await call.removed.get()
        assert call.gateway.asked[-1] is None, "nothing of us is left in the channel"


async def test_a_session_that_ends_for_good_leaves_the_channel(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        await call.manager.join(GUILD, CHANNEL)
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4016)
        async with asyncio.timeout(5):
            assert "(4016)" in await call.removed.get()
        assert call.gateway.asked == [CHANNEL, None]


async def test_a_recording_that_begins_during_an_attempt_is_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_call(tmp_path) as call:
        recording, open_websocket = Recording(), VoiceWebSocket.open

        async def opens(http: ClientSession, endpoint: str, tls: SSLContext) -> VoiceWebSocket:
            call.manager.record(GUILD, recording)
            return await open_websocket(http, endpoint, tls)

        monkeypatch.setattr(VoiceWebSocket, "open", opens)
        await call.manager.join(GUILD, CHANNEL)
        assert recording.events == ["opened"]


async def test_frames_that_come_before_the_session_is_up_find_the_sink_open(tmp_path: Path) -> None:
    async with a_call(tmp_path, e2ee=True) as call:
        recording = Recording()
        async with call.speaker(ADA) as ada:
            await call.manager.join(GUILD, CHANNEL, recording)
            await ada.send_audio(SPEECH[0])
            await recording.until_heard(ADA, 1)
            await call.server.release(guild_id=GUILD, user_id=BOT, code=4006)
            await recording.until_event("closed")
            async with asyncio.timeout(10):
                while recording.events.count("opened") < 2:
                    await ada.send_audio(SPEECH[1])
                    await asyncio.sleep(0.002)
        closed = recording.events.index("closed")
        assert recording.events[closed + 1] == "opened"


async def test_closing_in_the_middle_of_an_attempt_ends_everything_and_nothing_begins_after_it(
    tmp_path: Path,
) -> None:
    async with a_call(tmp_path) as call:
        call.gateway.silent = True
        joining = asyncio.ensure_future(call.manager.join(GUILD, CHANNEL))
        await until(lambda: call.gateway.asked == [CHANNEL])
        call.gateway.silent = False
        closing = asyncio.ensure_future(call.manager.close())
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            with pytest.raises(JoinFailed):
                await call.manager.join(GUILD, CHANNEL)
            with pytest.raises(JoinFailed):
                await joining
            await closing
        assert call.gateway.asked == [CHANNEL, None]
        assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("voice")] == []
