"""A supervisor that ends a process which gives no sign of life."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.harness.notify import NotifySocket


class Watchdog(NotifySocket):
    """As systemd does it: from its first ping on, or once it is ready, the process is sent SIGABRT ``seconds`` after
    its last ping.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.bitten = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The environment of the process."""
        return {"NOTIFY_SOCKET": self.address, "WATCHDOG_USEC": str(round(self.seconds * 1e6))}

    def on_assignment(self, pid: int, assignment: str) -> None:
        name, _, value = assignment.partition("=")
        if assignment in ("WATCHDOG=1", "READY=1"):
            self._rearm(pid, self.seconds)
        if name == "EXTEND_TIMEOUT_USEC" and self._timer is not None:  # holds for the watchdog, too
            self._rearm(pid, max(self.seconds, int(value) / 1e6))
        if assignment == "STOPPING=1":
            self._disarm()

    def close(self) -> None:
        self._disarm()
        super().close()

    def _rearm(self, pid: int, seconds: float) -> None:
        if "STOPPING=1" not in self.heard:
            self._disarm()
            self._timer = asyncio.get_running_loop().call_later(seconds, self._bite, pid)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _bite(self, pid: int) -> None:
        os.kill(pid, signal.SIGABRT)
        os.kill(pid, signal.SIGCONT)  # as systemd does, or one that was stopped could not die of it
        self.bitten.set()


@asynccontextmanager
async def a_watchdog(seconds: float = 30.0) -> AsyncIterator[Watchdog]:
    watchdog = Watchdog(seconds)
    try:
        yield watchdog
    finally:
        watchdog.close()
