"""Opus packets on an RTP clock, for the tests in this folder."""

from collections.abc import Sequence
from typing import NamedTuple

TICKS = 960
"""RTP ticks in 20 ms."""
SILENCE = b"\xf8\xff\xfe"
"""20 ms of silence: Discord docs, Voice Connections, "Voice Data Interpolation"."""


class RtpPacket(NamedTuple):
    sequence: int
    timestamp: int
    opus: bytes
    arrival_ns: int


def rtp(frames: Sequence[bytes], start: int = 0, first: int = 0) -> list[RtpPacket]:
    """Return packets with these frames, from RTP timestamp ``start`` and sequence number ``first``.

    Each arrives when its timestamp says.
    """
    return [packet(first + i, start + i * TICKS, opus) for i, opus in enumerate(frames)]


def packet(sequence: int, ticks: int, opus: bytes) -> RtpPacket:
    """Return a packet that arrives when its timestamp says; ``ticks`` has not wrapped."""
    return RtpPacket(sequence % 2**16, ticks % 2**32, opus, ticks * 1_000_000 // 48)
