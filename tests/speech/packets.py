"""Opus packets on an RTP clock, for the tests in this folder."""

from collections.abc import Sequence
from typing import NamedTuple

TICKS = 960
"""RTP ticks in 20 ms."""
SILENCE = b"\xf8\xff\xfe"
"""20 ms of silence: Discord docs, Voice Connections, "Voice Data Interpolation"."""


class RtpPacket(NamedTuple):
    timestamp: int
    opus: bytes


def rtp(frames: Sequence[bytes], start: int = 0) -> list[RtpPacket]:
    """Return packets with these frames, from RTP timestamp ``start``."""
    return [RtpPacket((start + i * TICKS) % 2**32, opus) for i, opus in enumerate(frames)]
