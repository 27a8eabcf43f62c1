"""How long things take: as in production, or shorter, because the test has less time."""

from __future__ import annotations

from dataclasses import dataclass

from notetaker.voice.guild import UNTIMED_S


@dataclass(frozen=True, slots=True)
class Pace:
    watchdog_s: float
    """WatchdogSec of the units."""
    lock_s: float
    """How long a guild's lock may be held without a word."""
    outage_s: float
    """Discord is down for so long."""
    drop_in: str = ""
    """What makes the units so."""
    settings: tuple[tuple[str, str], ...] = ()
    """Of notetaker.env."""


PRODUCTION = Pace(watchdog_s=30.0, lock_s=UNTIMED_S, outage_s=600.0)
HURRIED = Pace(
    watchdog_s=6.0,
    lock_s=3.0,
    outage_s=21.0,
    drop_in="WatchdogSec=6\nRestartSec=1\nEnvironment=LOCK_S=3\n",
    settings=(("VOICE_HEALTH_INTERVAL", "2"),),
)
