"""Receives the notifications of a process, as a service manager does (sd_notify(3))."""

import asyncio
import socket
from collections.abc import Callable

WAIT_S = 90.0


class NotifySocket:
    """A notification socket, read by the event loop."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        """Received assignments in order, without watchdog pings."""
        self.pings = 0
        self._changed = asyncio.Event()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind("")  # an abstract address that is free
        self.address = "@" + self._socket.getsockname()[1:].decode()
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def on_assignment(self, pid: int, assignment: str) -> None:
        """Process ``pid`` has sent an assignment; for subclasses."""

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    async def until(self, holds: Callable[[], object], within_s: float = WAIT_S) -> None:
        """Wait until ``holds()``, which is asked again after each message. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def until_heard(self, beginning: str, within_s: float = WAIT_S) -> str:
        """Wait for an assignment with this prefix and return it. Raises TimeoutError."""
        await self.until(lambda: any(one.startswith(beginning) for one in self.heard), within_s)
        return next(one for one in self.heard if one.startswith(beginning))

    async def until_pinged(self, times: int) -> None:
        """Wait for so many more watchdog pings. Raises TimeoutError."""
        wanted = self.pings + times
        await self.until(lambda: self.pings >= wanted)

    def _read(self) -> None:
        data, ancillary, _, _ = self._socket.recvmsg(4096, 64)
        pid = int.from_bytes(ancillary[0][2][:4], "little")  # struct ucred, unix(7)
        for assignment in data.decode().splitlines():
            if assignment == "WATCHDOG=1":
                self.pings += 1
            else:
                self.heard.append(assignment)
            self.on_assignment(pid, assignment)
        self._changed.set()
