"""Tests of the voice session read as a conversation: what comes in, what must go out, as time goes by."""

import json
from typing import Any, TypeVar

from notetaker.wire.commands import Command, SendBinary, SendText
from notetaker.wire.opcodes import Op
from notetaker.wire.session import VoiceSession
from notetaker.wire.whereabouts import Credentials

ME, GUILD, CHANNEL = 4242, 1, 2
SSRC = 7001
KEY = bytes(range(32))
GCM, XCHACHA = "aead_aes256_gcm_rtpsize", "aead_xchacha20_poly1305_rtpsize"

C = TypeVar("C", bound=object)


class Conversation:
    """Drives a session; every command it gives must be expected, or ``quiet`` fails."""

    def __init__(self) -> None:
        self.now = 1000.0
        credentials = Credentials(GUILD, CHANNEL, ME, "the-session", "the-token", "voice.example:2087")
        self.session = VoiceSession(credentials, self.now)
        self._commands: list[Command] = []

    def opens(self) -> None:
        self.session.websocket_opened(self.now)

    def hears(self, op: int, data: Any, seq: int | None = None) -> None:
        message: dict[str, Any] = {"op": op, "d": data}
        if seq is not None:
            message["seq"] = seq
        self.session.receive_text(json.dumps(message), self.now)

    def hears_binary(self, op: int, body: bytes, seq: int = 1) -> None:
        self.session.receive_binary(seq.to_bytes(2, "big") + bytes([op]) + body, self.now)

    def passes(self, seconds: float) -> None:
        """Time goes by; timers fire exactly when due, as the shell does it."""
        end = self.now + seconds
        while (due := self.session.next_timeout()) is not None and due <= end:
            self.now = max(self.now, due)
            self.session.handle_timeout(self.now)
        self.now = end

    def does(self, kind: type[C]) -> C:
        """The next command, which must be of this kind."""
        self._commands += self.session.take_commands()
        assert self._commands, f"{kind.__name__} expected, but the session has nothing more to do"
        command = self._commands.pop(0)
        assert isinstance(command, kind), f"{kind.__name__} expected, got {command}"
        return command

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
        self._commands += self.session.take_commands()
        assert not self._commands

    def forget(self) -> list[Command]:
        """All commands so far, expected or not."""
        commands = self._commands + self.session.take_commands()
        self._commands = []
        return commands


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
    talk.forget()
    return talk
