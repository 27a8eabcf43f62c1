"""How soon a session whose path is dead may be followed by a new one: at once, but not over and over."""

from collections import defaultdict
from dataclasses import dataclass

from notetaker.model.failure import DeadPath

FIRST_S = {DeadPath.SILENT: 30.0, DeadPath.MOVED: 30.0, DeadPath.UNHEARD: 300.0}
"""Seconds from a new session to the next one for the same cause. Opcode 5 is a poor witness of speech."""
MOST_S = {DeadPath.SILENT: 300.0, DeadPath.MOVED: 300.0, DeadPath.UNHEARD: 3600.0}


@dataclass(slots=True)
class _Pause:
    lasts_s: float = 0.0
    until: float = 0.0


class Renewals:
    """A new session that has not helped doubles the pause before the next one for the same cause."""

    def __init__(self) -> None:
        self._pauses: defaultdict[DeadPath, _Pause] = defaultdict(_Pause)

    def allow(self, cause: DeadPath, now: float) -> bool:
        """Return whether it is time for a new session, which then counts as made."""
        pause = self._pauses[cause]
        if now < pause.until:
            return False
        helped = now > pause.until + pause.lasts_s
        pause.lasts_s = (
            FIRST_S[cause] if helped else min(max(2 * pause.lasts_s, FIRST_S[cause]), MOST_S[cause])
        )
        pause.until = now + pause.lasts_s
        return True
