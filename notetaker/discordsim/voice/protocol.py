"""The protocol of the voice gateway: opcodes, close codes, and reading messages."""

from enum import IntEnum


class Op(IntEnum):
    """Opcodes other than DAVE's (Discord docs, Opcodes; discord-userdoccers for 18 and 20)."""

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
"""Codes after which a session can be resumed, because clients try to (discord.js ``Networking.onWsClose``, JDA
``VoiceCode``, koe ``CloseCode``).
"""


class Close(Exception):
    """The websocket must be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Body:
    """The ``d`` of a client's message. A field that is missing or of another type raises Close with 4002."""

    def __init__(self, fields: object) -> None:
        if not isinstance(fields, dict):
            raise Close(CloseCode.UNDECODABLE_PAYLOAD, "d is not an object")
        self._fields = fields

    def integer(self, name: str, default: int | None = None) -> int:
        """Return an integer, which may be given as digits: ids come as either."""
        value = self._fields.get(name, default)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise Close(CloseCode.UNDECODABLE_PAYLOAD, f"{name} is not an integer")

    def string(self, name: str) -> str:
        value = self._fields.get(name)
        if not isinstance(value, str):
            raise Close(CloseCode.UNDECODABLE_PAYLOAD, f"{name} is not a string")
        return value

    def object(self, name: str) -> "Body":
        return Body(self._fields.get(name))
