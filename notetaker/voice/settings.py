"""The settings of voice, all of which can change while the bot runs."""

from dataclasses import dataclass
from pathlib import Path

from notetaker.wire.path import PACES, Paces


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    connection_timeout_s: float = 30.0
    """For a whole attempt."""
    retry_attempts: int = 3
    """Attempts in a round."""
    health_interval_s: float = 60.0
    """Seconds between voice health checks."""
    regions: tuple[str, ...] = ()
    """Voice regions to try in turn when a channel cannot be joined."""
    traces: Path | None = None
    """Folder for a record of every step of every attempt; None: no record is kept."""
    paces: Paces = PACES
    """How soon a dead UDP path is noticed."""
