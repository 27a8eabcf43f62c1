"""One packet of one speaker, opened: what the journal stores."""

from typing import NamedTuple


class AudioFrame(NamedTuple):
    """20 ms of one person's voice, still Opus."""

    user_id: int
    ssrc: int
    """Names the RTP stream; a person who rejoins gets a new one."""
    sequence: int
    """RTP sequence number, wraps at 2^16."""
    timestamp: int
    """RTP timestamp in 48 kHz ticks, wraps at 2^32."""
    opus: bytes
    arrival: float
    """Monotonic seconds at which the datagram was received."""
