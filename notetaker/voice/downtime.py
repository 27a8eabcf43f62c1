"""How long a guild has been without the voice session that is wanted, and how short its sessions are."""

import random

from notetaker.model.voice_status import VoiceTotals
from notetaker.voice.backoff import delay_s
from notetaker.voice.timing import Clock

SHORT_LIFE_S = 5.0
"""A session that lasts less than this is short."""
SHORT_LIVES = 2
"""More short sessions than this in a row: the pause before the next one grows."""


class Downtime:
    def __init__(self, clock: Clock, totals: VoiceTotals) -> None:
        self.since: float | None = None
        """When a session was missed first, monotonic seconds; None while there is one, or none is wanted."""
        self._clock = clock
        self._totals = totals
        self._short_lives = 0
        self._rng = random.Random()  # noqa: S311 - spreads delays, keeps no secret

    def mark(self, *, down: bool) -> None:
        """Add the time until now to the totals, if we were down."""
        now = self._clock.time()
        if self.since is not None:
            self._totals.disconnected_s += now - self.since
        self.since = now if down else None

    def session_ended(self, established_at: float) -> None:
        lived_s = self._clock.time() - established_at
        self._short_lives = self._short_lives + 1 if lived_s < SHORT_LIFE_S else 0

    def begin_anew(self) -> None:
        """Forget earlier sessions, because another channel is wanted."""
        self._short_lives = 0

    async def pause(self) -> None:
        """Wait before the next session, if the last ones died as soon as they were up."""
        if self._short_lives > SHORT_LIVES:
            await self._clock.sleep(delay_s(self._short_lives - SHORT_LIVES, self._rng))
