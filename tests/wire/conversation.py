"""Tests of the voice session read as a conversation: what comes in, what must go out, as time goes by."""

import json
from typing import Any, TypeVar

from notetaker.model.audio import AudioFrame
from notetaker.wire.commands import Command, SendBinary, SendText
from notetaker.wire.events import Event
from notetaker.wire.handshake import OTHERS_S
from notetaker.wire.losses import Loss
from notetaker.wire.opcodes import Op
from notetaker.wire.patience import Patience
from notetaker.wire.session import VoiceSession
from notetaker.wire.whereabouts import Credentials

ME, GUILD, CHANNEL = 4242, 1, 2
SSRC = 7001
KEY = bytes(range(32))
GCM, XCHACHA = "aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"

C = TypeVar("C", bound=object)


class Conversation:
    """Drives a session; every command and event must be expected, or ``quiet`` fails. Sound is kept apart."""

    def __init__(self, patience: Patience | None = None) -> None:
        self.now = 1000.0
        credentials = Credentials(GUILD, CHANNEL, ME, "the-session", "the-token", "voice.example:2087")
        self.session = VoiceSession(credentials, self.now, patience)
        self.seq = 100  # of the last binary message
        self._out: list[Command | Event] = []
        self._sound: list[AudioFrame | Loss] = []

    def opens(self) -> None:
        self.session.websocket_opened(self.now)

    def hears(self, op: int, data: Any, seq: int | None = None) -> None:
        message: dict[str, Any] = {"op": op, "d": data}
        if seq is not None:
            message["seq"] = seq
        self.session.receive_text(json.dumps(message), self.now)

    def hears_binary(self, op: int, body: bytes, seq: int | None = None) -> None:
        self.seq = self.seq + 1 if seq is None else seq
        self.session.receive_binary(self.seq.to_bytes(2, "big") + bytes([op]) + body, self.now)

    def passes(self, seconds: float) -> None:
        """Time goes by; timers fire exactly when due, as the shell does it."""
        end = self.now + seconds
        while (due := self.session.next_timeout()) is not None and due <= end:
            self.now = max(self.now, due)
            self.session.handle_timeout(self.now)
        self.now = end

    def does(self, kind: type[C]) -> C:
        """The next command or event, which must be of this kind; commands come first."""
        self._take()
        assert self._out, f"{kind.__name__} expected, but the session has nothing more to do"
        one = self._out.pop(0)
        assert isinstance(one, kind), f"{kind.__name__} expected, got {one}"
        return one

    def says(self, op: Op) -> Any:
        """The ``d`` of the next command, which must send this opcode as JSON."""
        message = json.loads(self.does(SendText).text)
        assert message["op"] == op, f"{op.name} expected, got {message}"
        return message["d"]

    def says_binary(self, op: Op) -> bytes:
        data = self.does(SendBinary).data
        assert data[0] == op
        return data[1:]

    def quiet(self) -> None:
        self._take()
        assert not self._out

    def forget(self) -> list[Command | Event]:
        """All commands and events so far, expected or not."""
        self._take()
        out, self._out = self._out, []
        return out

    def frames(self) -> list[AudioFrame]:
        """Those that came since the last call."""
        self._take()
        frames = [one for one in self._sound if isinstance(one, AudioFrame)]
        self._sound = [one for one in self._sound if isinstance(one, Loss)]
        return frames

    def losses(self) -> list[Loss]:
        """Those that became known since the last call."""
        self._take()
        losses = [one for one in self._sound if isinstance(one, Loss)]
        self._sound = [one for one in self._sound if isinstance(one, AudioFrame)]
        return losses

    def _take(self) -> None:
        self._out += self.session.take_commands()
        for event in self.session.take_events():
            if isinstance(event, AudioFrame | Loss):
                self._sound.append(event)
            else:
                self._out.append(event)


READY = {
    "ssrc": SSRC,
    "ip": "127.0.0.1",
    "port": 50001,
    "modes": [XCHACHA, GCM],
    "heartbeat_interval": 1,  # bogus here, and ignored
}


def described(mode: str = GCM, dave: int = 0) -> dict[str, Any]:
    return {"mode": mode, "secret_key": list(KEY), "audio_codec": "opus", "dave_protocol_version": dave}


def discovery_answer(address: str = "203.0.113.9", port: int = 40000, ssrc: int = SSRC) -> bytes:
    """Written out by hand from Discord's docs, not by the code under test."""
    return (
        b"\x00\x02\x00\x46"
        + ssrc.to_bytes(4, "big")
        + address.encode().ljust(64, b"\0")
        + port.to_bytes(2, "big")
    )


def established(mode: str = GCM, dave: int = 0) -> Conversation:
    """A conversation that is past the handshake."""
    talk = Conversation()
    talk.opens()
    talk.hears(Op.HELLO, {"v": 8, "heartbeat_interval": 13750})
    talk.hears(Op.READY, READY)
    talk.session.receive_datagram(discovery_answer(), talk.now)
    talk.hears(Op.SESSION_DESCRIPTION, described(mode, dave))
    talk.passes(0)
    beats = [json.loads(c.text) for c in talk.forget() if isinstance(c, SendText)]
    nonce = [beat["d"]["t"] for beat in beats if beat["op"] == Op.HEARTBEAT][-1]
    talk.hears(Op.HEARTBEAT_ACK, {"t": nonce})
    talk.passes(OTHERS_S if dave else 0)  # the path is probed
    talk.forget()
    return talk
