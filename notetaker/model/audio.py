"""One speaker's packet after decryption, as the journal stores it."""

from typing import NamedTuple

UNKNOWN = 0
"""The user id while nobody knows whose stream it is. No snowflake is 0."""


class AudioFrame(NamedTuple):
    """20 ms of one person's voice, still Opus."""

    user_id: int
    """``UNKNOWN`` at first, if nobody has claimed the stream and it is not encrypted end to end."""
    ssrc: int
    """The RTP stream; a person who rejoins gets a new one."""
    sequence: int
    """The RTP sequence number, which wraps at 2^16."""
    timestamp: int
    """The RTP timestamp in 48 kHz ticks, which wraps at 2^32."""
    opus: bytes
    arrival: float
    """When the datagram was received, in monotonic seconds."""
