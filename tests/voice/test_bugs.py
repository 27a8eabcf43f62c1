"""A bug of our own costs a session at most, is said, and the keeper begins anew."""

import asyncio
from pathlib import Path

import pytest

from notetaker.model.audio import AudioFrame
from notetaker.voice.connection import VoiceConnection
from notetaker.wire.events import SpeakerLeft
from tests.voice.call import CHANNEL, GUILD, Call, Recording, a_call

ADA = 501
SPEECH = b"\xfc" + bytes(60)


class Stumbling(Recording):
    """It raises over the first frame."""

    stumbled = False

    def frame(self, frame: AudioFrame) -> None:
        if not self.stumbled:
            self.stumbled = True
            raise KeyError
        super().frame(frame)


class StumblingAtTheEnd(Recording):
    """It raises when a session is over, once."""

    stumbled = False

    def session_closed(self, now: float, reason: str) -> None:
        super().session_closed(now, reason)
        if not self.stumbled:
            self.stumbled = True
            raise KeyError


def connection_of(call: Call) -> VoiceConnection:
    connection = call.manager._guilds[GUILD].reception.connection
    assert connection is not None
    return connection


async def test_a_sink_that_raises(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with a_call(tmp_path) as call:
        recording = Stumbling()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            await ada.send_audio(SPEECH)
            await recording.until_event("opened", 2)
            await ada.send_audio(SPEECH)
            assert await recording.until_heard(ADA, 1) == [SPEECH]
    assert "which is a bug" in caplog.text


async def test_a_sink_that_raises_at_the_end(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = StumblingAtTheEnd()
        await call.manager.join(GUILD, CHANNEL, recording)
        connection_of(call).end("It is lost.")
        await recording.until_event("opened", 2)


async def test_a_sink_that_raises_over_what_comes_before_the_end(tmp_path: Path) -> None:
    def stumble(event: object) -> None:
        raise KeyError

    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        connection = connection_of(call)
        connection.hear = stumble
        connection.session._events.append(SpeakerLeft(ADA, 0.0))
        with pytest.raises(KeyError):
            connection.end("It is lost.")
        assert connection.ended.done()
        await recording.until_event("opened", 2)


async def test_a_timer_that_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(now: float) -> None:
        raise KeyError

    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        connection = connection_of(call)
        monkeypatch.setattr(connection.session, "handle_timeout", stumble)
        connection._on_timer()
        await recording.until_event("opened", 2)
    assert "which is a bug" in caplog.text


async def test_a_keeper_that_is_cancelled(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        guild = call.manager._guilds[GUILD]
        assert guild._keeper is not None
        guild._keeper.cancel()
        await asyncio.wait({guild._keeper})
        await asyncio.sleep(0)  # what is to be done then
        assert "is unattended" in (call.manager.failure or "")
        await call.manager.check()
        assert call.manager.failure is None
        connection_of(call).end("It is lost.")
        await recording.until_event("opened", 2)
