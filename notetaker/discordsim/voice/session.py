"""One user's stay in a voice channel. It outlives its websocket: a resume attaches another one."""

import json
import struct
from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from notetaker.discordsim.voice.aead import TransportKey

REPLAY_LIMIT = 256
"""Messages kept for a resume; Discord does not say how many it keeps."""


class Op(IntEnum):
    """Voice gateway opcodes other than DAVE's (Discord docs, Opcodes; discord-userdoccers for 18, 20)."""

    IDENTIFY = 0
    SELECT_PROTOCOL = 1
    READY = 2
    HEARTBEAT = 3
    SESSION_DESCRIPTION = 4
    SPEAKING = 5
    HEARTBEAT_ACK = 6
    RESUME = 7
    HELLO = 8
    RESUMED = 9
    CLIENTS_CONNECT = 11
    VIDEO = 12
    CLIENT_DISCONNECT = 13
    SESSION_UPDATE = 14
    MEDIA_SINK_WANTS = 15
    VOICE_BACKEND_VERSION = 16
    CLIENT_FLAGS = 18
    CLIENT_PLATFORM = 20


class CloseCode(IntEnum):
    """Discord docs, Voice Close Event Codes."""

    NORMAL = 1000
    GOING_AWAY = 1001
    ABNORMAL = 1006
    """Never sent: the connection broke (RFC 6455 section 7.4.1)."""
    INTERNAL_ERROR = 1011
    UNKNOWN_OPCODE = 4001
    UNDECODABLE_PAYLOAD = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    SESSION_INVALID = 4006
    SESSION_TIMEOUT = 4009
    SERVER_NOT_FOUND = 4011
    UNKNOWN_PROTOCOL = 4012
    WORKER_CRASHED = 4013
    """Not in Discord's docs (discord-userdoccers, Voice Close Event Codes)."""
    DISCONNECTED = 4014
    SERVER_CRASHED = 4015
    UNKNOWN_ENCRYPTION_MODE = 4016
    DAVE_REQUIRED = 4017
    CALL_TERMINATED = 4022


RESUMABLE = {
    CloseCode.NORMAL,
    CloseCode.GOING_AWAY,
    CloseCode.ABNORMAL,
    CloseCode.INTERNAL_ERROR,
    CloseCode.SESSION_TIMEOUT,
    CloseCode.WORKER_CRASHED,
    CloseCode.SERVER_CRASHED,
}
"""A session outlives its websocket when the server ends it with one of these: where clients try to resume
(discord.js `Networking.onWsClose`, JDA `VoiceCode`, koe `CloseCode`)."""


class Close(Exception):
    """The websocket is to be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Websocket(Protocol):
    """What a session needs of the websocket it is attached to."""

    def send(self, frame: str | bytes) -> None: ...

    def close(self, close: Close) -> None: ...


class Replay:
    """Numbers messages (16 bits, shared by JSON and binary ones) and keeps what was not acknowledged yet."""

    def __init__(self, last: int = 0) -> None:
        self._kept: deque[tuple[int, str | bytes]] = deque(maxlen=REPLAY_LIMIT)
        self._last = last

    def next_number(self) -> int:
        self._last = (self._last + 1) & 0xFFFF
        return self._last

    def keep(self, frame: str | bytes) -> None:
        self._kept.append((self._last, frame))

    def acknowledge(self, number: int) -> None:
        """The client has seen `number` and everything before it (seq_ack of a heartbeat)."""
        if any(number == kept for kept, _ in self._kept):
            while self._kept and self._kept.popleft()[0] != number:
                pass

    def after(self, number: int) -> list[str | bytes] | None:
        """The messages a client that has seen `number` (-1: nothing) still needs; None if some are gone."""
        seen = max(number, 0)
        if seen == self._last:
            return []
        numbers = [kept for kept, _ in self._kept]
        first_unseen = (seen + 1) & 0xFFFF
        if first_unseen not in numbers:
            return None
        return [frame for _, frame in self._kept][numbers.index(first_unseen) :]


@dataclass(frozen=True)
class Allocation:
    """What the main gateway promised a user: the token it will come with, and where it will be."""

    guild_id: int
    channel_id: int
    user_id: int
    session_id: str
    token: str
    e2ee: bool
    region: str | None = None


class Session:
    def __init__(self, allocation: Allocation, ssrc: int) -> None:
        self.guild_id = allocation.guild_id
        self.channel_id = allocation.channel_id
        self.user_id = allocation.user_id
        self.allocation = allocation
        self.ssrc = ssrc
        self.websocket: Websocket | None = None
        self.key: TransportKey | None = None
        self.address: tuple[str, int] | None = None
        """Where its audio is sent: what it said in op 1."""
        self.speaking: int | None = None
        """Bit mask of its last op 5. None before the first one: not heard, hears nothing."""
        self.in_group = False
        self.proven = False
        """A heartbeat came after op 4."""
        self.replay = Replay()

    @property
    def can_hear(self) -> bool:
        return self.key is not None and self.address is not None and self.speaking is not None

    def send(self, op: int, body: object) -> None:
        """A numbered message: binary if `body` is bytes, else JSON. Kept for replay while nobody is attached."""
        number = self.replay.next_number()
        frame: str | bytes
        if isinstance(body, bytes):
            frame = struct.pack(">HB", number, op) + body
        else:
            frame = json.dumps({"op": int(op), "d": body, "seq": number})
        self.replay.keep(frame)
        if self.websocket:
            self.websocket.send(frame)

    def close(self, close: Close) -> None:
        if self.websocket:
            self.websocket.close(close)
            self.websocket = None
