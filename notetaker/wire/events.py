"""What has happened in a voice session, in the order in which it did."""

from dataclasses import dataclass

from notetaker.model.audio import AudioFrame
from notetaker.model.failure import Failure
from notetaker.wire.losses import Loss


@dataclass(frozen=True, slots=True)
class Established:
    """The handshake is complete and a heartbeat was acknowledged."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The session continues over a new websocket."""


@dataclass(frozen=True, slots=True)
class PathDead:
    """Sound no longer reaches us over UDP. The session stays, and this comes again while that is so."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over; the shell closes websocket and socket."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class SpeakerJoined:
    """An RTP stream has got a name."""

    user_id: int
    ssrc: int
    now: float


@dataclass(frozen=True, slots=True)
class SpeakerLeft:
    """A user has left the channel."""

    user_id: int
    now: float


Heard = AudioFrame | Loss | SpeakerJoined | SpeakerLeft
"""What concerns those who listen. Frames and losses are events themselves: one packet, one object."""

Event = Heard | Established | Resumed | PathDead | Ended
