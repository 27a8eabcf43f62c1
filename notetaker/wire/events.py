"""What a voice session tells its shell has happened."""

from dataclasses import dataclass

from notetaker.wire.handshake import Step


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over; the shell closes websocket and socket."""

    reason: str
    """For a person: what happened, at which step."""
    close_code: int | None = None
    """Set when the server closed the websocket."""
    step: Step | None = None
    """The step of the handshake that it did not get past; None: it had been established."""
    timed_out: bool = False
    """The server did not answer, or not in time."""


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
