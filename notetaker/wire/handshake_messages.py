"""The messages with which a voice session begins (Discord docs, Voice Connections): the JSON ``d`` of each.

Those that parse one raise KeyError, TypeError, ValueError or AttributeError when it is malformed.
"""

from typing import Any, NamedTuple

from notetaker.wire.dave import MAX_VERSION
from notetaker.wire.messages import is_int, uint
from notetaker.wire.transport import KEY_BYTES
from notetaker.wire.whereabouts import Credentials


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


def identify(who: Credentials) -> dict[str, Any]:
    """Opcode 0."""
    return {**_session(who), "user_id": str(who.user_id), "max_dave_protocol_version": MAX_VERSION}


def resume(who: Credentials, seq_ack: int) -> dict[str, Any]:
    """Opcode 7; ``seq_ack`` is the number of the last message that we have received."""
    return {**_session(who), "seq_ack": seq_ack}


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


def _session(who: Credentials) -> dict[str, str]:
    return {"server_id": str(who.guild_id), "session_id": who.session_id, "token": who.token}
