"""The causes of gaps, as the notes name them."""

from notetaker.model.outcome import Outcome
from notetaker.model.wording import count

RESTARTED = "the note-taker was restarted"
CRASHED = "the note-taker had stopped unexpectedly"
INTERRUPTIONS = frozenset({RESTARTED, CRASHED})

DEAFENED = "a moderator had deafened the note-taker"
ASLEEP = "the computer was asleep"
DISK = "the sound could not be written to disk"

_PACKETS = {
    None: "never arrived",
    Outcome.UNDECRYPTABLE: "could not be decrypted",
    Outcome.HELD_TOO_LONG: "arrived without a known speaker or key",
}


def not_joined(reason: str) -> str:
    """``reason`` is a sentence."""
    return f"the voice channel could not be joined: {reason}"


def packets_lost(packets: int, outcome: Outcome | None) -> str:
    """``12 packets never arrived``"""
    what = _PACKETS.get(outcome, "were dropped")
    return f"{count(packets, 'packet')} {what}"
