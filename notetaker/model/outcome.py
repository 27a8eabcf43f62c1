"""What became of a packet. Every packet that reaches the socket has exactly one outcome."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    STORED = "stored"
    """In the journal."""
    DUPLICATE = "duplicate"
    """The network delivered the same packet twice; the first one counted."""
    REPLAY = "replay"
    """Authentic but older than the replay window (RFC 3711 section 3.3.2)."""
    BAD_AUTH = "bad_auth"
    """The transport cipher refused it: forged, damaged, or sealed with the key of another session."""
    NOT_AUDIO = "not_audio"
    """RTCP, video, keepalive answers, or bytes that are no RTP packet."""
    PADDING_ONLY = "padding_only"
    """Nothing left once the RTP padding was stripped; Discord's servers send these to probe bandwidth."""
    HELD_TOO_LONG = "held_too_long"
    """Nobody claimed the SSRC, or no DAVE key for it came, before the deadline or the limit on held packets."""
    UNDECRYPTABLE = "undecryptable"
    """A DAVE key for the speaker was there, and refused the frame, also after the next commit."""


@dataclass(slots=True)
class Coverage:
    """How much of one speaker was heard: the truth behind "nothing was lost"."""

    user_id: int
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    lost: int = 0
    """Packets that never arrived: holes in the RTP sequence numbers."""

    @property
    def received(self) -> int:
        """Packets that arrived, whatever became of them."""
        return self.outcomes.total()


def total(parts: Iterable[Coverage]) -> list[Coverage]:
    """Several coverages of the same people, such as those of one meeting's voice sessions, summed per user."""
    whole: dict[int, Coverage] = {}
    for part in parts:
        one = whole.setdefault(part.user_id, Coverage(part.user_id))
        one.outcomes.update(part.outcomes)
        one.lost += part.lost
    return [whole[user_id] for user_id in sorted(whole)]
