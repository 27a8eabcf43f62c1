"""Those who wait for what comes of an operation that another task carries out."""

import asyncio

from notetaker.voice.ports import JoinFailed


class Outcome:
    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[JoinFailed | None]] = []

    async def of_next(self) -> JoinFailed | None:
        """Of the operation under way, or else of the next one. None: it succeeded."""
        waiter: asyncio.Future[JoinFailed | None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        return await waiter

    def settle(self, outcome: JoinFailed | None) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(outcome)
