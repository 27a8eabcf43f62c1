"""What a closed voice websocket means, and at which rung of the recovery ladder it enters.

The meanings are those of Discord's docs (Opcodes and Status Codes, Voice Close Event Codes); where the docs
are silent or observation differs, the comment beside the row says who found out.
"""

from dataclasses import dataclass
from enum import Enum


class Rung(Enum):
    """From cheap to dear."""

    RESUME = "resume on the same endpoint"
    WAIT = "wait for what Discord says next"
    NEW_SESSION = "get a fresh pair and identify anew"
    COOL_DOWN = "wait a minute, then get a fresh pair"
    STOP = "stop and tell the admin"


@dataclass(frozen=True, slots=True)
class CloseCode:
    meaning: str
    """For a person, completes the sentence "Discord closed the voice connection: ..."."""
    rung: Rung
    advice: str = ""
    """What the person can do, where there is something."""


ABNORMAL = 1006
"""Stands for no code at all: the connection was cut (RFC 6455 section 7.4.1)."""

CLOSE_CODES: dict[int, CloseCode] = {
    1000: CloseCode("normal closure", Rung.RESUME),  # also sent for a missed heartbeat (JDA, disgo)
    1001: CloseCode("the voice server is going away", Rung.RESUME),
    ABNORMAL: CloseCode("the connection was cut without a word", Rung.RESUME),
    1011: CloseCode("the voice server had an internal error", Rung.RESUME),
    4001: CloseCode("it did not know an opcode we sent", Rung.NEW_SESSION),
    4002: CloseCode("it could not read a message we sent", Rung.NEW_SESSION),
    4003: CloseCode("we sent something before identifying", Rung.NEW_SESSION),
    4004: CloseCode("it refused the voice token", Rung.NEW_SESSION),
    4005: CloseCode("we identified twice", Rung.NEW_SESSION),
    4006: CloseCode("the voice session is no longer valid", Rung.NEW_SESSION),
    4009: CloseCode("the voice session timed out", Rung.RESUME),
    4011: CloseCode("it could not find the server we connected to", Rung.NEW_SESSION),
    4012: CloseCode("it did not know the protocol we selected", Rung.NEW_SESSION),
    # A WebRTC worker crashed: listed by discord-userdoccers only.
    4013: CloseCode("a worker of the voice server crashed", Rung.RESUME),
    # Kicked, moved, channel gone or main session lost: only the next main-gateway event tells which.
    4014: CloseCode("we were disconnected from the channel", Rung.WAIT),
    4015: CloseCode("the voice server crashed", Rung.RESUME),
    4016: CloseCode(
        "it does not know the encryption mode", Rung.STOP, "Discord has changed its modes: upgrade notetaker."
    ),
    4017: CloseCode(
        "it requires end-to-end encryption (DAVE)", Rung.STOP, "Check that dave.py is installed and current."
    ),
    4020: CloseCode("it called our request bad", Rung.NEW_SESSION),
    4021: CloseCode("we are rate limited", Rung.COOL_DOWN),
    4022: CloseCode("the call was terminated", Rung.WAIT),  # channel deleted, or its server changed
}

UNKNOWN = CloseCode("it gave a code that is not documented", Rung.NEW_SESSION)


def close_code(code: int | None) -> CloseCode:
    """The meaning of ``code``; None stands for a connection that ended without a closing handshake."""
    return CLOSE_CODES.get(ABNORMAL if code is None else code, UNKNOWN)
