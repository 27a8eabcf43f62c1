"""How long things take: as in production, or shorter, because the test has less time."""

from __future__ import annotations

from dataclasses import dataclass, field

from notetaker.voice.guild import UNTIMED_S


@dataclass(frozen=True, slots=True)
class Pace:
    silence_s: float
    """For so long a process may give no sign of life."""
    lock_s: float
    """How long a guild's lock may be held without a word."""
    outage_s: float
    """Discord is down for so long."""
    settings: dict[str, str] = field(default_factory=dict)
    """What makes the bot so."""


PRODUCTION = Pace(silence_s=30.0, lock_s=UNTIMED_S, outage_s=600.0)
HURRIED = Pace(silence_s=6.0, lock_s=3.0, outage_s=21.0, settings={"VOICE_HEALTH_INTERVAL": "2"})
