"""The bot as its service manager sees it: watchdog pings, a status line, reloading and stopping."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from notetaker.host import stacks
from notetaker.host.sd_notify import ServiceManager

STATUS_EVERY_S = 5.0
EXTEND_EVERY_S, EXTEND_BY_S, EXTEND_TIMES = 5.0, 60.0, 60
"""While stopping, the bot asks for more time from its event loop, for at most five minutes."""
PATIENCE = 1.5
"""If the watchdog cannot end the process, it exits by itself after this many times WatchdogSec without a ping."""


class Supervision:
    """Reports to the service manager."""

    def __init__(self, status: Callable[[], str]) -> None:
        """``status`` returns the line for ``systemctl status``."""
        self._status = status
        self._manager = ServiceManager()
        self._stopping = False

    @property
    def ping_every_s(self) -> float:
        return self._manager.ping_every_s

    def ping(self) -> None:
        """Ping the watchdog, unless the process is stopping. Without pings the process is ended."""
        if self._stopping:
            return
        self._manager.healthy()
        if self._manager.watchdog_s is not None:
            stacks.give_up_after(PATIENCE * self._manager.watchdog_s)

    def ready(self) -> None:
        """Report that the bot has started or reloaded its settings."""
        self._manager.ready(self._status())

    async def show_status(self) -> None:
        """Report the status line when it changes, until cancelled."""
        while True:
            self._manager.status(self._status())
            await asyncio.sleep(STATUS_EVERY_S)

    async def reload(self, asked: asyncio.Event, reload: Callable[[], Awaitable[None]]) -> None:
        """Call ``reload`` whenever ``asked`` is set, until cancelled."""
        while True:
            await asked.wait()
            asked.clear()
            self._manager.reloading()
            await reload()
            self.ready()

    @asynccontextmanager
    async def stopping(self) -> AsyncIterator[None]:
        """Report that the bot is stopping. Stop pinging the watchdog, and ask for more time instead."""
        self._stopping = True
        stacks.never_give_up()
        self._manager.stopping("Leaving voice channels; meetings resume after a restart")
        async with asyncio.TaskGroup() as tasks:
            extending = tasks.create_task(self._extend())
            yield
            extending.cancel()

    async def _extend(self) -> None:
        for _ in range(EXTEND_TIMES):
            await asyncio.sleep(EXTEND_EVERY_S)
            self._manager.extend(EXTEND_BY_S)
