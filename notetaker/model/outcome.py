"""What became of a packet. Every packet that reaches the socket has exactly one outcome.

The voice stack counts outcomes; a packet that was *heard* is a frame of sound. A recording counts how many of
those frames are *stored*: none when nothing is recorded, fewer when the disk refuses some.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    HEARD = "heard"
    """Decrypted: a frame of sound."""
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
    REFUSED = "refused"
    """Of somebody who is not to be recorded, such as a music bot, or come while nobody was: it was not decrypted end
    to end, and is no loss."""
    HELD_TOO_LONG = "held_too_long"
    """Nobody claimed the SSRC, or no DAVE key for it came, before the deadline or the limit on held packets."""
    EARLY = "early"
    """Encrypted end to end before we were let into the group, for those who were in it then."""
    UNDECRYPTABLE = "undecryptable"
    """A DAVE key for the speaker was there, and refused the frame, also after the next commit."""


@dataclass(slots=True)
class Coverage:
    """How much of one speaker was heard: the truth behind "nothing was lost"."""

    user_id: int
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    lost: int = 0
    """Packets that never arrived: gaps in the RTP sequence numbers."""
    stored: int = 0
    """Heard packets that the journal took; 0 when nothing is recorded."""
    no_opus: int = 0
    """Stored packets that are no Opus. They are in no utterance."""

    @property
    def received(self) -> int:
        """How many packets arrived, with any outcome."""
        return self.outcomes.total()

    @property
    def heard(self) -> int:
        return self.outcomes[Outcome.HEARD]

    @property
    def unstored(self) -> int:
        """Heard packets that the journal did not take: the disk refused them, or nothing was recorded."""
        return self.heard - self.stored

    def add(self, part: "Coverage") -> None:
        """Count what ``part`` counts, too."""
        self.outcomes.update(part.outcomes)
        self.lost += part.lost
        self.stored += part.stored
        self.no_opus += part.no_opus


def total(parts: Iterable[Coverage]) -> list[Coverage]:
    """The sums per user, sorted by user id: of the streams of a session, say, or of the sessions of a meeting."""
    whole: dict[int, Coverage] = {}
    for part in parts:
        whole.setdefault(part.user_id, Coverage(part.user_id)).add(part)
    return [whole[user_id] for user_id in sorted(whole)]
