"""Traces of real attempts against the local voice server."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notetaker.model.failure import Failure, Step
from notetaker.model.voice import VoiceServer, VoiceState
from notetaker.voice.ports import JoinFailed
from notetaker.voice.trace import reader
from notetaker.voice.trace.reader import Recorded
from notetaker.voice.trace.writer import fingerprint
from notetaker.voice.websocket import VoiceWebSocket
from tests.voice.call import BOT, CHANNEL, GUILD, Call, Recording, a_call


class Wiretap:
    """Sees the credentials of a call as they really are."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.secrets: set[str] = set()
        receive = VoiceWebSocket.receive

        async def overheard(websocket: VoiceWebSocket) -> str | bytes | None:
            message = await receive(websocket)
            if isinstance(message, str):
                data = json.loads(message)["d"]
                if isinstance(data, dict) and "secret_key" in data:
                    numbers = data["secret_key"]
                    self.secrets |= {
                        json.dumps(numbers)[1:-1],
                        ",".join(map(str, numbers)),
                        bytes(numbers).hex(),
                    }
            return message

        monkeypatch.setattr(VoiceWebSocket, "receive", overheard)

    def listen_to(self, call: Call) -> None:
        tell = call.gateway.tell

        def overheard(event: VoiceState | VoiceServer) -> None:
            if isinstance(event, VoiceServer):
                self.secrets.add(event.token)
            elif event.session_id != "session":
                self.secrets.add(event.session_id)
            tell(event)

        call.gateway.tell = overheard  # type: ignore[method-assign]


@pytest.fixture
def wiretap(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wiretap]:
    wiretap = Wiretap(monkeypatch)
    yield wiretap
    assert wiretap.secrets, "it heard nothing"


def recorded(folder: Path) -> list[Recorded]:
    return reader.latest(folder / "traces", 100)


def events(found: Recorded) -> list[Any]:
    return [line.get("name") or line["event"] for line in found.lines]


async def test_a_4006_and_the_attempt_after_it(tmp_path: Path, wiretap: Wiretap) -> None:
    async with a_call(tmp_path) as call:
        wiretap.listen_to(call)
        call.faults.refuse_identify(BOT, 4006)
        await call.manager.join(GUILD, CHANNEL)
        refused, succeeded = recorded(tmp_path)
    assert refused.failure() == Failure(Step.IDENTIFY, 4006)
    assert [line["code"] for line in refused.lines if line["event"] == "websocket closed"] == [4006]
    assert succeeded.established
    assert succeeded.failure() is None
    handshake = [
        "IDENTIFY",
        "READY",
        "DISCOVER",
        "SELECT",
        "SESSION_DESCRIPTION",
        "VERIFY",
        "ESTABLISHED",
        "end",
    ]
    assert (
        [event for event in events(succeeded) if event in handshake]
        == [
            "IDENTIFY",  # the step
            "IDENTIFY",  # the message
            *handshake[1:],
        ]
    )


async def test_the_credentials_are_the_fingerprinted_ones(tmp_path: Path, wiretap: Wiretap) -> None:
    async with a_call(tmp_path) as call:
        wiretap.listen_to(call)
        await call.manager.join(GUILD, CHANNEL)
        (found,) = recorded(tmp_path)
    identify = next(line["d"] for line in found.lines if line.get("op") == 0)
    known = {fingerprint(secret) for secret in wiretap.secrets}
    assert {identify["token"], identify["session_id"]} <= known


async def test_no_secret_of_a_call_is_in_file_or_log(
    tmp_path: Path, wiretap: Wiretap, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with a_call(tmp_path) as call:
        wiretap.listen_to(call)
        call.faults.refuse_identify(BOT, 4006)
        recording = Recording()
        async with call.speaker(501) as ada:
            await call.manager.join(GUILD, CHANNEL, recording)
            await ada.send_audio(b"\xfc" + bytes(60))
            await recording.until_heard(501, 1)
            await call.server.release(guild_id=GUILD, user_id=BOT, code=4006)
            await recording.until_event("opened", times=2)
        traces = recorded(tmp_path)
    written = "\n".join(found.path.read_text() for found in traces) + caplog.text
    assert [found.established for found in traces] == [False, True, True]
    assert len(wiretap.secrets) > 6
    assert [secret for secret in wiretap.secrets if secret in written] == []


async def test_how_a_session_ended_is_in_its_trace(tmp_path: Path, wiretap: Wiretap) -> None:
    async with a_call(tmp_path) as call:
        wiretap.listen_to(call)
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        await call.server.release(guild_id=GUILD, user_id=BOT, code=4015)  # and forgets the session
        await recording.until_event("opened", times=2)
        first, second = recorded(tmp_path)
    assert first.failure() == Failure(Step.RESUME, 4006)
    assert events(first).index("end") < events(first).index("resuming")
    assert second.failure() is None


async def test_a_resumed_session_has_one_trace(tmp_path: Path) -> None:
    async with a_call(tmp_path) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        call.server.cut(BOT)
        async with call.speaker(501) as ada:  # nobody is named before the websocket is back
            await ada.send_audio(b"\xfc" + bytes(60))
            await recording.until_heard(501, 1)
        (found,) = recorded(tmp_path)
    lost = events(found).index("websocket closed")
    assert found.lines[lost]["code"] is None
    assert [event for event in events(found)[lost:] if event in ("RESUME", "RESUMED", "resumed")] == [
        "RESUME",  # the step
        "RESUME",  # the message
        "RESUMED",
        "resumed",
    ]
    assert found.failure() is None


async def test_a_full_channel_is_recognised(tmp_path: Path) -> None:
    async with a_call(tmp_path, attempts=1, timeout_s=0.2) as call:
        call.gateway.silent = True
        with pytest.raises(JoinFailed):
            await call.manager.join(GUILD, CHANNEL)
        (found,) = recorded(tmp_path)
    assert found.failure() == Failure(Step.CREDENTIALS)
