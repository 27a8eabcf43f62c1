"""A server that hangs: for a while a connection is neither read nor written, and yet stays open."""

from __future__ import annotations

import asyncio

from aiohttp import web


class Stall:
    """Of one connection. Its reader and its writer wait for `over` before every step."""

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
