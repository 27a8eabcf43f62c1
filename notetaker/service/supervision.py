"""The bot as seen by whatever supervises it: signs of life, one line of status, reloading and stopping."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from notetaker.host import stacks
from notetaker.host.sd_notify import ServiceManager

STATUS_EVERY_S = 5.0
EXTEND_EVERY_S, EXTEND_BY_S, EXTEND_TIMES = 5.0, 60.0, 60
"""A bot that stops asks for more time while its event loop turns, for at most five minutes."""
PATIENCE = 1.5
"""So many times WatchdogSec after its last sign of life the process ends by itself, if the watchdog cannot end it."""


class Supervision:
    def __init__(self, status: Callable[[], str]) -> None:
        """``status`` is asked for the line that ``systemctl status`` shows."""
        self._status = status
        self._manager = ServiceManager()
        self._stopping = False

    @property
    def ping_every_s(self) -> float:
        return self._manager.ping_every_s

    def give_sign_of_life(self) -> None:
        """Without that in time, the watchdog ends this process; one that stops is given time in another way."""
        if self._stopping:
            return
        self._manager.healthy()
        if self._manager.watchdog_s is not None:
            stacks.give_up_after(PATIENCE * self._manager.watchdog_s)

    def ready(self) -> None:
        self._manager.ready(self._status())

    async def show_status(self) -> None:
        """Whenever it changes, until cancelled."""
        while True:
            self._manager.status(self._status())
            await asyncio.sleep(STATUS_EVERY_S)

    async def reload(self, asked: asyncio.Event, reload: Callable[[], Awaitable[None]]) -> None:
        """Whenever it is asked for, until cancelled."""
        while True:
            await asked.wait()
            asked.clear()
            self._manager.reloading()
            await reload()
            self.ready()

    @asynccontextmanager
    async def stopping(self) -> AsyncIterator[None]:
        """From now on no watchdog looks, and there is more time than ``TimeoutStopSec``."""
        self._stopping = True
        stacks.never_give_up()
        self._manager.stopping("Leaving voice channels; meetings go on after a restart")
        async with asyncio.TaskGroup() as tasks:
            extending = tasks.create_task(self._extend())
            yield
            extending.cancel()

    async def _extend(self) -> None:
        for _ in range(EXTEND_TIMES):
            await asyncio.sleep(EXTEND_EVERY_S)
            self._manager.extend(EXTEND_BY_S)
