"""The voice websocket is lost, stuck or refused while UDP lives: sound goes on, and a session is not given up."""

import asyncio
from pathlib import Path
from ssl import SSLContext

import pytest
from aiohttp import ClientSession

from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.discordsim.voice.faults import Step as Moment
from notetaker.model.failure import Step
from notetaker.model.outcome import Outcome
from notetaker.voice import decision, presence
from notetaker.voice.connection import VoiceConnection
from notetaker.voice.ports import JoinFailed
from notetaker.voice.websocket import VoiceWebSocket
from notetaker.wire import heartbeat
from notetaker.wire.handshake import DEADLINES_S
from tests.voice.call import BOT, CHANNEL, GUILD, Call, Recording, a_call, until

ADA = 501
SPEECH = [b"\xfc" + bytes([n]) * 60 for n in range(100)]


def connection_of(call: Call) -> VoiceConnection:
    connection = call.manager._guilds[GUILD].reception.connection
    assert connection is not None
    return connection


async def speak_until_resumed(call: Call, ada: VoiceLink, within_s: float) -> list[bytes]:
    """What was said until the session has gone on over a new websocket."""
    said: list[bytes] = []
    session = connection_of(call).session
    async with asyncio.timeout(within_s):
        while not session.resumes:
            said.append(SPEECH[len(said) % len(SPEECH)])
            await ada.send_audio(said[-1])
            await asyncio.sleep(0.005)
    return said


async def test_a_websocket_that_falls_silent_is_noticed_and_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "MAX_INTERVAL_S", 0.1)
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            call.server.stall(BOT, 60)
            said = await speak_until_resumed(call, ada, within_s=5)
            assert await recording.until_heard(ADA, len(said)) == said
        assert recording.events.count("opened") == 1
        assert call.gateway.asked == [CHANNEL]


async def test_a_writer_that_fails_with_the_reader_is_no_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write = VoiceWebSocket.write

    async def fails_at_the_end(websocket: VoiceWebSocket) -> None:
        try:
            await write(websocket)
        except asyncio.CancelledError:
            raise ConnectionResetError("Cannot write to closing transport") from None

    monkeypatch.setattr(VoiceWebSocket, "write", fails_at_the_end)
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            call.server.cut(BOT)
            said = await speak_until_resumed(call, ada, within_s=5)
            assert await recording.until_heard(ADA, len(said)) == said
    assert "bug" not in caplog.text


@pytest.mark.parametrize("code", [4006, 4009, 4014])
async def test_after_a_refused_resume_there_is_a_new_session(tmp_path: Path, code: int) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        call.faults.close_at(BOT, Moment.RESUME, code)
        call.clock.deadlines[presence.WHAT_NEXT_S] = 0.05
        call.server.cut(BOT)
        await recording.until_event("opened", times=2)
        assert recording.events == ["opened", "closed", "opened"]
        assert call.manager.channel(GUILD) == CHANNEL


async def test_a_server_that_takes_the_connection_and_says_nothing_costs_one_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEADLINES_S, Step.CONNECT, 0.2)
    open_websocket, held = VoiceWebSocket.open, list[asyncio.StreamWriter]()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    mute = await asyncio.start_server(hold, "127.0.0.1")
    async with mute, a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)

        async def opens(http: ClientSession, endpoint: str, tls: SSLContext) -> VoiceWebSocket:
            port = mute.sockets[0].getsockname()[1]
            return await open_websocket(http, endpoint if held else f"localhost:{port}", tls)

        monkeypatch.setattr(VoiceWebSocket, "open", opens)
        async with call.speaker(ADA) as ada:
            call.server.cut(BOT)
            said = await speak_until_resumed(call, ada, within_s=5)
            assert await recording.until_heard(ADA, len(said)) == said
        assert len(held) == 1
        held[0].close()
        assert recording.events.count("opened") == 1


async def test_a_server_that_is_away_for_a_moment_is_resumed_when_it_is_back(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        call.server.outage(0.5)
        await until(lambda: connection_of(call).session.resumes)
        assert recording.events == ["opened"]
        assert call.gateway.asked == [CHANNEL]


async def test_a_hole_in_udp_is_counted_and_ends_nothing(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            for frame in SPEECH[:20]:
                await ada.send_audio(frame)
            await recording.until_heard(ADA, 20)
            call.faults.blackhole(BOT, 60)
            for frame in SPEECH[20:60]:
                await ada.send_audio(frame)
            await until(
                lambda: [row["blackholed"] for row in call.server.stats() if row["sender"] == ADA] == [40]
            )
            call.faults.blackhole(BOT, 0)
            for frame in SPEECH[60:]:
                await ada.send_audio(frame)
            assert await recording.until_heard(ADA, 60) == SPEECH[:20] + SPEECH[60:]
            (coverage,) = call.manager.coverage(GUILD)
        assert (coverage.outcomes[Outcome.HEARD], coverage.lost) == (60, 40)
        assert recording.events.count("opened") == 1


async def test_a_session_that_is_given_up_while_its_websocket_is_opened_stops_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_call(tmp_path) as call:
        await call.manager.join(GUILD, CHANNEL)
        opening = asyncio.Event()

        async def never_opens(http: ClientSession, endpoint: str, tls: SSLContext) -> VoiceWebSocket:
            opening.set()
            await asyncio.Event().wait()
            raise AssertionError

        connection = connection_of(call)
        monkeypatch.setattr(VoiceWebSocket, "open", never_opens)
        call.server.cut(BOT)
        async with asyncio.timeout(1):
            await opening.wait()
            connection.end("it is replaced")
            assert connection._task is not None
            await asyncio.wait({connection._task})
        assert connection.session.step is Step.ENDED


async def test_why_the_server_closed_is_read_although_nothing_can_be_sent_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(websocket: VoiceWebSocket) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(VoiceWebSocket, "write", fails)
    async with a_call(tmp_path) as call:
        call.faults.close_at(BOT, Moment.HELLO, 4021)
        with pytest.raises(JoinFailed, match=r"\(4021\)") as failure:
            await call.manager.join(GUILD, CHANNEL)
        assert failure.value.pause_s == decision.COOL_DOWN_S
