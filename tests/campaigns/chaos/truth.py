"""What is compared: what people sent, what reached the bot, what is in the journal. Times are Unix seconds."""

from __future__ import annotations

import struct
from typing import NamedTuple

TAG = b"\x78chaos"
"""How the Opus packets of a campaign begin: the first byte is a table of contents (RFC 6716 section 3.1)."""
_FORMAT = struct.Struct(">6sQI")


class Sent(NamedTuple):
    """A packet of speech that a person's client has sent. Packets of silence have no number and are not here."""

    user_id: int
    number: int
    time: float


class Delivered(NamedTuple):
    """A datagram of sound that the voice server sent to a socket of the bot."""

    ssrc: int
    sequence: int
    time: float


class Stored(NamedTuple):
    """A packet in the journal."""

    ssrc: int
    sequence: int
    time: float
    """When it arrived, as the journal has it."""
    user_id: int | None
    """Whose it is, as the journal has it."""
    sent_by: int | None
    number: int
    """As sent; `sent_by` is None for silence."""


class Gap(NamedTuple):
    """A stretch for which the journal says that nothing was heard."""

    started: float
    ended: float
    cause: str
    user_id: int | None
    """None: of everybody, because there was no voice session."""


def opus(user_id: int, number: int) -> bytes:
    """A packet unlike every other."""
    return _FORMAT.pack(TAG, user_id, number)


def read_opus(packet: bytes) -> tuple[int, int] | None:
    """(user id, number); None for one that is not ours, such as silence."""
    if len(packet) != _FORMAT.size or not packet.startswith(TAG):
        return None
    _, user_id, number = _FORMAT.unpack(packet)
    return user_id, number
