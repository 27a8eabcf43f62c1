"""Messages of the voice gateway: JSON in text frames, MLS in binary ones (Discord docs, Voice Connections).

Binary from the server: ``u16 seq | u8 op | body``; to the server: ``u8 op | body``. Both kinds share one
sequence; buffered JSON messages carry it as ``seq``.
"""

import json
from dataclasses import dataclass
from typing import Any

from notetaker.wire.opcodes import Op


@dataclass(frozen=True, slots=True)
class Message:
    op: int
    """May be missing in ``Op``: new opcodes appear without notice."""
    data: Any
    """The ``d`` of a JSON message, the body of a binary one (``bytes``)."""
    seq: int | None
    """To be acknowledged with the next heartbeat; None for messages without a number."""


REPLAYED = 4096
"""Messages behind the last one that count as seen; no server is known to keep as many for a resume. What is further
behind has been numbered anew."""


class Numbers:
    """The numbers of a session's messages: JSON and binary ones share them, and binary ones have 16 bits for them."""

    def __init__(self) -> None:
        self.last = -1
        """The last number, to be acknowledged."""

    def take(self, message: Message) -> bool:
        """Return False for a message that has been seen, which a resume may send again. Otherwise remember it.

        Opcode 9 is about the websocket, and may come before or behind what is sent again.
        """
        if message.seq is None or message.op == Op.RESUMED:
            return True
        if self.last >= 0 and (self.last - message.seq) & 0xFFFF < REPLAYED:
            return False
        self.last = message.seq
        return True


def parse_text(text: str) -> Message | None:
    """Parse a JSON message; None if it is not one."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or not is_int(message.get("op")):
        return None
    seq = message.get("seq")
    return Message(message["op"], message.get("d"), seq if is_int(seq) else None)


def parse_binary(data: bytes) -> Message | None:
    """Parse a binary message; None if it is too short."""
    if len(data) < 3:
        return None
    return Message(data[2], data[3:], int.from_bytes(data[:2], "big"))


def text(op: Op, data: Any) -> str:
    return json.dumps({"op": int(op), "d": data}, separators=(",", ":"))


def binary(op: Op, body: bytes) -> bytes:
    return bytes([op]) + body


def is_int(value: object) -> bool:
    """Return True for JSON integers, which ``true`` is not."""
    return isinstance(value, int) and not isinstance(value, bool)


def snowflake(value: object) -> int | None:
    """Return a user id, which is sent as a string and sometimes as a number; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63:
        return value
    return None


def uint(value: object, bits: int) -> int:
    """Return an unsigned integer that fits into ``bits``. Raises ``TypeError`` for anything else."""
    if not is_int(value) or not isinstance(value, int) or not 0 <= value < 1 << bits:
        raise TypeError
    return value


def filled(body: bytes) -> bytes:
    """Return an MLS body as it is. Raises ``ValueError`` if it is empty: libdave 1.1.0 would crash."""
    if not body:
        raise ValueError
    return body
