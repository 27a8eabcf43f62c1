"""Why a voice connection failed: at which step, with which close code, and what may help.

The status of voice carries it, so it lives here; ``wire.explanations`` puts it into words.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum


class Step(StrEnum):
    """The steps of a voice connection, in order. Traces, metrics and the status spell them as here."""

    GATEWAY = "GATEWAY"
    """The main gateway is asked for a voice server."""
    CREDENTIALS = "CREDENTIALS"
    """It was asked (opcode 4); its two answers are awaited."""
    VOICE_STATE_UPDATE = "VOICE_STATE_UPDATE"
    """Only this one is still awaited."""
    VOICE_SERVER_UPDATE = "VOICE_SERVER_UPDATE"
    """Only this one is still awaited."""
    CONNECT = "CONNECT"
    """The voice websocket is being opened. The steps from here on are those of ``wire.handshake``."""
    IDENTIFY = "IDENTIFY"
    DISCOVER = "DISCOVER"
    SELECT = "SELECT"
    VERIFY = "VERIFY"
    GROUP = "GROUP"
    ESTABLISHED = "ESTABLISHED"
    RESUME = "RESUME"
    ENDED = "ENDED"


class DeadPath(StrEnum):
    """How the way of sound over UDP was found dead while the websocket was well. Traces spell them as here."""

    SILENT = "silent"
    """A server that had answered over UDP no longer does."""
    MOVED = "moved"
    """The server sees us at another address than the one to which it sends sound."""
    UNHEARD = "unheard"
    """Nobody was heard for long, although somebody was marked as speaking; the server answers no probe."""


class Rung(Enum):
    """The recovery ladder, cheapest first."""

    RESUME = "resume on the same endpoint"
    WAIT = "wait for what Discord says next"
    NEW_SESSION = "get a fresh pair and identify again"
    COOL_DOWN = "wait a minute, then get a fresh pair"
    STOP = "stop and tell the admin"


ABNORMAL = 1006
"""Stands for a connection that was cut without a close code (RFC 6455 section 7.4.1)."""

CLOSE_CODES: dict[int, Rung] = {
    1000: Rung.RESUME,  # also sent for a missed heartbeat (JDA, disgo)
    1001: Rung.RESUME,
    ABNORMAL: Rung.RESUME,
    1011: Rung.RESUME,
    4001: Rung.NEW_SESSION,
    4002: Rung.NEW_SESSION,
    4003: Rung.NEW_SESSION,
    4004: Rung.NEW_SESSION,
    4005: Rung.NEW_SESSION,
    4006: Rung.NEW_SESSION,
    4009: Rung.RESUME,
    4011: Rung.NEW_SESSION,
    4012: Rung.NEW_SESSION,
    4013: Rung.RESUME,  # a WebRTC worker crashed: listed by discord-userdoccers only
    4014: Rung.WAIT,  # kicked, moved, channel gone or main session lost: only the next event tells which
    4015: Rung.RESUME,
    4016: Rung.STOP,
    4017: Rung.STOP,
    4020: Rung.NEW_SESSION,
    4021: Rung.COOL_DOWN,
    4022: Rung.WAIT,  # channel deleted, or its server changed
}
"""Where each close code of a voice websocket enters the ladder (Discord docs, Voice Close Event Codes)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt to connect, or the end of a voice session."""

    step: Step
    """What was under way."""
    close_code: int | None = None
    """The server closed the websocket with this code, or ``ABNORMAL``: it was cut."""
    timed_out: bool = False
    """The other side did not answer in time."""
    detail: str = ""
    """What happened, in sentences, when step and code cannot tell."""
    path: DeadPath | None = None
    """The session was given up for this, although its websocket was well."""

    @property
    def rung(self) -> Rung:
        """Where recovery starts. A code that nobody documented gets a new session."""
        if self.close_code is None:
            return Rung.NEW_SESSION
        return CLOSE_CODES.get(self.close_code, Rung.NEW_SESSION)
