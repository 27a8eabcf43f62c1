"""What a server can do to a connection beneath HTTP: reset it, or leave it hanging."""

from __future__ import annotations

import asyncio
import socket
import struct

from aiohttp import web

LINGER_NOT = struct.pack("ii", 1, 0)
"""A socket that is closed with this sends a TCP reset (socket(7), SO_LINGER)."""


def reset(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        return
    if not transport.is_closing():
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    transport.abort()


class Stall:
    """One connection is neither read nor written for a while, and yet stays open.

    Its reader and its writer wait for `over` before every step.
    """

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._end: asyncio.TimerHandle | None = None

    def start(self, seconds: float) -> None:
        self.stop()
        self._flowing.clear()
        if isinstance(transport := self._request.transport, asyncio.ReadTransport):
            transport.pause_reading()  # nor are pings and close frames answered, which aiohttp does by itself
        self._end = asyncio.get_running_loop().call_later(seconds, self.stop)

    def stop(self) -> None:
        if self._end is None:
            return
        self._end.cancel()
        self._end = None
        transport = self._request.transport
        if isinstance(transport, asyncio.ReadTransport) and not transport.is_closing():
            transport.resume_reading()
        self._flowing.set()

    async def over(self) -> None:
        await self._flowing.wait()
