"""What the panel of a meeting shows."""

from dataclasses import dataclass
from enum import Enum, auto

from notetaker.model.meeting import Meeting


class Hearing(Enum):
    """How somebody in the voice channel is heard."""

    HEARD = auto()
    """Within the last half minute."""
    QUIET = auto()
    UNHEARD = auto()
    """They speak, and cannot be decrypted."""
    REFUSED = auto()
    """They are not recorded."""


class PanelState(Enum):
    JOINING = auto()
    RECORDING = auto()
    AWAY = auto()
    """The connection is lost, and is being made again."""
    DEAFENED = auto()
    PAUSED = auto()
    NO_DISK = auto()
    WRITING = auto()
    """The meeting has ended; its notes are being written."""
    DONE = auto()
    """The notes are written."""


@dataclass(frozen=True, slots=True)
class Participant:
    name: str
    hearing: Hearing


@dataclass(frozen=True, slots=True)
class Panel:
    meeting: Meeting
    state: PanelState
    people: tuple[Participant, ...] = ()
    """Everyone in the voice channel who is not a bot, and who has just been heard."""
    words: int = 0
    """How many have been understood so far."""
    behind_s: float = 0.0
    """Age of the oldest speech that has no text yet, seconds."""
    live_text: int | None = None
    """The channel with the live text."""
    opt_in: bool = False
    """Only those are recorded who have agreed."""
    held: bool = False
    """Somebody has paused the meeting, and may resume it."""
    reason: str = ""
    """Why nothing is recorded, a sentence."""
