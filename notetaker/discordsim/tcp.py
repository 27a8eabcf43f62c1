"""Faults of a connection below HTTP: a reset, and a stall."""

import asyncio
import socket
import struct

from aiohttp import web

NO_LINGER = struct.pack("ii", 1, 0)
"""Makes a socket send a TCP reset when it is closed (socket(7), SO_LINGER)."""


def reset(request: web.Request) -> None:
    transport = request.transport
    if transport is None:
        return
    if not transport.is_closing():
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()


class Stall:
    """A time in which a connection is neither read nor written, but stays open.

    The connection's reader and writer wait for ``over`` before every step.
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
            transport.pause_reading()  # aiohttp must not answer pings and close frames either
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
