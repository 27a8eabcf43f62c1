"""What a voice session tells its shell has happened."""

from dataclasses import dataclass

from notetaker.model.failure import Failure


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over; the shell closes websocket and socket."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Established:
    """The handshake is complete and a heartbeat was acknowledged."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The session goes on over the new websocket."""


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
