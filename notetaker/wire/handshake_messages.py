"""Parses the messages with which a voice session begins (Discord docs, Voice Connections).

Every function takes the JSON ``d`` of a message, and raises KeyError, TypeError, ValueError or AttributeError when it
is malformed.
"""

from typing import Any, NamedTuple

from notetaker.wire.messages import is_int, uint
from notetaker.wire.transport import KEY_BYTES


class Ready(NamedTuple):
    """Opcode 2."""

    ssrc: int
    host: str
    port: int
    modes: list[str]


class Description(NamedTuple):
    """Opcode 4."""

    mode: str
    key: bytes
    dave_version: int


def hello(data: Any) -> float:
    """Opcode 8: return the seconds between heartbeats."""
    interval = data["heartbeat_interval"]
    if isinstance(interval, bool) or not isinstance(interval, int | float) or not interval > 0:
        raise TypeError
    return interval / 1000


def ready(data: Any) -> Ready:
    host, port = data["ip"], data["port"]
    if not (isinstance(host, str) and is_int(port)):
        raise TypeError
    return Ready(
        uint(data["ssrc"], 32), host, port, [mode for mode in data["modes"] if isinstance(mode, str)]
    )


def description(data: Any) -> Description:
    numbers = data["secret_key"]
    if not isinstance(numbers, list) or len(numbers) != KEY_BYTES:
        raise TypeError
    return Description(data["mode"], bytes(numbers), uint(data.get("dave_protocol_version", 0), 16))
