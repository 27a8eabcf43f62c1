"""Faults of a connection below HTTP: a reset, and a stall."""

import asyncio
import socket
import struct
from collections.abc import Callable, Collection
from typing import TypeVar

from aiohttp import web

NO_LINGER = struct.pack("ii", 1, 0)
"""Makes a socket send a TCP reset when it is closed (socket(7), SO_LINGER)."""

Struck = TypeVar("Struck")


def reset(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        return
    if not transport.is_closing():
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()


class FaultyConnection:
    """The base of a websocket connection that can be reset and stalled on purpose.

    ``patience_s`` is how long the client may be silent. A subclass sets ``_deadline`` while it waits for messages.
    Its reader and its writer wait for ``_flowing`` before every step.
    """

    def __init__(self, request: web.Request, patience_s: float) -> None:
        self._request = request
        self._patience_s = patience_s
        self._deadline: asyncio.Timeout | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._stall: asyncio.TimerHandle | None = None

    def cut(self) -> None:
        """Reset the TCP connection, without a close frame."""
        reset(self._request)
        self.end_stall()

    def stall(self, seconds: float) -> None:
        """Read and send nothing for this long, then carry on as if nothing had happened."""
        self.end_stall()
        self._flowing.clear()
        if isinstance(transport := self._request.transport, asyncio.ReadTransport):
            transport.pause_reading()  # aiohttp must not answer pings and close frames either
        self._stall = asyncio.get_running_loop().call_later(seconds, self.end_stall)
        self._extend_deadline(seconds)

    def end_stall(self) -> None:
        if self._stall is None:
            return
        self._stall.cancel()
        self._stall = None
        transport = self._request.transport
        if isinstance(transport, asyncio.ReadTransport) and not transport.is_closing():
            transport.resume_reading()
        self._flowing.set()

    def _extend_deadline(self, extra_s: float = 0.0) -> None:
        if self._deadline:
            self._deadline.reschedule(asyncio.get_running_loop().time() + self._patience_s + extra_s)


def strike(connections: Collection[Struck], fault: Callable[[Struck], None]) -> int:
    """Make something go wrong with each of these connections, and return how many there are."""
    for connection in connections:
        fault(connection)
    return len(connections)
