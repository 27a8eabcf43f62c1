"""How long the sessions of a guild last, and how long we are wanted without one."""

import random

from notetaker.model.voice_status import VoiceTotals
from notetaker.voice.backoff import delay_s
from notetaker.voice.timing import Clock

SHORT_LIFE_S = 5.0
SHORT_LIVES = 2
"""After more sessions in a row that were shorter, the pause before the next one grows."""


class Uptime:
    def __init__(self, clock: Clock, totals: VoiceTotals) -> None:
        self.absent_since: float | None = None
        """Since when we are wanted and not connected, monotonic seconds."""
        self._clock = clock
        self._totals = totals
        self._short_lives = 0
        self._rng = random.Random()  # noqa: S311 - spreads delays, keeps no secret

    def absent(self, absent: bool) -> None:
        """Counts the time until now, if we were."""
        now = self._clock.time()
        if self.absent_since is not None:
            self._totals.disconnected_s += now - self.absent_since
        self.absent_since = now if absent else None

    def session_ended(self, established_at: float) -> None:
        lived_s = self._clock.time() - established_at
        self._short_lives = self._short_lives + 1 if lived_s < SHORT_LIFE_S else 0

    def begin_anew(self) -> None:
        """Somebody wants something else: what came before does not count."""
        self._short_lives = 0

    async def pause(self) -> None:
        """Sessions that die as soon as they are up must not come back every second."""
        if self._short_lives > SHORT_LIVES:
            await self._clock.sleep(delay_s(self._short_lives - SHORT_LIVES, self._rng))
