"""The other end of NOTIFY_SOCKET: hears what a process says of itself, and ends one that gives no sign of life."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

WAIT_S = 90.0


class Watchdog:
    """As systemd does it: from its first ping on, or once it is ready, the process is sent SIGABRT ``seconds`` after
    its last ping.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        self.seconds = seconds
        self.heard: list[str] = []
        """Assignments, in order; pings are not among them."""
        self.pings = 0
        self.bitten = asyncio.Event()
        self._changed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(self._path))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    @property
    def settings(self) -> dict[str, str]:
        """The environment of the process."""
        return {"NOTIFY_SOCKET": str(self._path), "WATCHDOG_USEC": str(round(self.seconds * 1e6))}

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def until_heard(self, assignment: str) -> None:
        """The end of it may be left out."""
        await self.until(lambda: any(heard.startswith(assignment) for heard in self.heard))

    async def until_pinged(self, times: int) -> None:
        """From now on."""
        wanted = self.pings + times
        await self.until(lambda: self.pings >= wanted)

    def read(self) -> None:
        data, ancillary, _, _ = self._socket.recvmsg(4096, 64)
        pid = int.from_bytes(ancillary[0][2][:4], "little")  # struct ucred, unix(7)
        for assignment in data.decode().split("\n"):
            if assignment == "WATCHDOG=1":
                self.pings += 1
            else:
                self.heard.append(assignment)
            name, _, value = assignment.partition("=")
            if assignment in ("WATCHDOG=1", "READY=1"):
                self._rearm(pid, self.seconds)
            if name == "EXTEND_TIMEOUT_USEC" and self._timer is not None:  # holds for the watchdog, too
                self._rearm(pid, max(self.seconds, int(value) / 1e6))
            if assignment == "STOPPING=1":
                self.close()
        self._changed.set()

    def _rearm(self, pid: int, seconds: float) -> None:
        if "STOPPING=1" not in self.heard:
            self.close()
            self._timer = asyncio.get_running_loop().call_later(seconds, self._bite, pid)

    def _bite(self, pid: int) -> None:
        os.kill(pid, signal.SIGABRT)
        os.kill(pid, signal.SIGCONT)  # as systemd does, or one that was stopped could not die of it
        self.bitten.set()

    def close(self) -> None:
        """From now on it does not look."""
        if self._timer is not None:
            self._timer.cancel()

    def fileno(self) -> int:
        return self._socket.fileno()

    def release(self) -> None:
        self.close()
        self._socket.close()


@asynccontextmanager
async def a_watchdog(folder: Path, seconds: float = 30.0) -> AsyncIterator[Watchdog]:
    watchdog, loop = Watchdog(folder, seconds), asyncio.get_running_loop()
    loop.add_reader(watchdog.fileno(), watchdog.read)
    try:
        yield watchdog
    finally:
        loop.remove_reader(watchdog.fileno())
        watchdog.release()
