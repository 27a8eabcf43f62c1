"""What follows a failed round of attempts: the people who wait hear of it, and the next round is held back."""

import asyncio

from notetaker.voice.ports import JoinFailed

LEAST_S = 5.0
"""Seconds after a failed round in which voice activity starts no other one."""


class RetryHold:
    """Holds back attempts after a failed round, until there is a reason to try again."""

    def __init__(self) -> None:
        self.failure: JoinFailed | None = None
        """What failed; None while nothing is held back."""
        self.since = 0.0
        """Monotonic seconds."""
        self._announced = False

    def begin(self, failure: JoinFailed, now: float) -> None:
        self.failure, self.since = failure, now

    def end(self) -> None:
        self.failure = None

    def stir(self, now: float) -> bool:
        """Return True if voice activity, or the health monitor, ends the hold."""
        if self.failure is None or now < self.since + max(self.failure.pause_s, LEAST_S):
            return False
        self.failure = None
        return True

    def discord_is_back(self) -> None:
        """End the hold when the main gateway is back, which may have been the reason; a cool-down is kept."""
        if self.failure is not None and not self.failure.pause_s:
            self.failure = None

    def announce(self) -> bool:
        """Return True for the first failed round since ``forget``."""
        first, self._announced = not self._announced, True
        return first

    def forget(self) -> bool:
        """Start over, connected or for another channel; return True if a failure had been announced."""
        announced, self._announced = self._announced, False
        self.failure = None
        return announced


class Waiters:
    """The people who wait for the outcome of the keeper's operation."""

    def __init__(self) -> None:
        self._futures: list[asyncio.Future[JoinFailed | None]] = []

    async def next_outcome(self) -> JoinFailed | None:
        """Return how the current operation ends, or else the next one; None: it succeeded."""
        future: asyncio.Future[JoinFailed | None] = asyncio.get_running_loop().create_future()
        self._futures.append(future)
        return await future

    def settle(self, outcome: JoinFailed | None) -> None:
        futures, self._futures = self._futures, []
        for future in futures:
            if not future.done():
                future.set_result(outcome)
