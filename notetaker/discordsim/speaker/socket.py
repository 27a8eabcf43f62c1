"""A client's websocket to one of Discord's gateways: reading, writing, heartbeats, and waiting for messages."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp

CLOSE_TIMEOUT_S = 1.0


class SpeakerError(Exception):
    """The speaker cannot continue. The message is a sentence that says why."""


class GatewaySocket:
    """``on_text`` gets each decoded JSON message, ``on_binary`` each binary one, in order and in one task.

    When the websocket is gone, or a handler raises, ``until`` and ``check`` raise SpeakerError.
    """

    def __init__(
        self,
        name: str,
        websocket: aiohttp.ClientWebSocketResponse,
        on_text: Callable[[dict[str, Any]], None],
        on_binary: Callable[[bytes], None],
    ) -> None:
        self._name = name
        self._websocket = websocket
        self._on_text = on_text
        self._on_binary = on_binary
        self._outgoing: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._changed = asyncio.Condition()
        self._lost: Exception | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._start(self._read())
        self._start(self._write())

    def send(self, message: dict[str, Any] | bytes) -> None:
        self._outgoing.put_nowait(message if isinstance(message, bytes) else json.dumps(message))

    def beat(self, interval_s: float, message: Callable[[], dict[str, Any]]) -> None:
        """Send ``message()`` now and every ``interval_s`` seconds."""
        self._start(self._beat(interval_s, message))

    async def until(self, met: Callable[[], bool], what: str, timeout_s: float) -> None:
        """Wait until ``met()``. Raises SpeakerError if the connection is lost, or time is up."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self._lost is not None or met())
        except TimeoutError as error:
            raise SpeakerError(f"{self._name}: no {what} within {timeout_s:g} s") from error
        self.check()

    def check(self) -> None:
        """Raise SpeakerError if the connection is lost."""
        if self._lost:
            raise SpeakerError(f"{self._name}: {self._lost}") from self._lost

    async def close(self) -> None:
        """Close after everything sent before is out. Never raise for a connection that is already lost."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                if self._lost is None:
                    await self._outgoing.join()
                await self._websocket.close()
        except TimeoutError:
            self._lost = ConnectionError("the other side does not close the websocket")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._lost = self._lost or ConnectionError("the websocket was closed from here")

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._supervised(work))
        self._tasks.append(task)

    async def _supervised(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a task, and keep its exception for ``check`` and ``until``."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - raised again by ``check``
            self._lost = self._lost or error
        async with self._changed:
            self._changed.notify_all()

    async def _read(self) -> None:
        async for message in self._websocket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._on_text(json.loads(message.data))
            elif message.type is aiohttp.WSMsgType.BINARY:
                self._on_binary(message.data)
            async with self._changed:
                self._changed.notify_all()
        raise ConnectionError(f"the websocket was closed with code {self._websocket.close_code}")

    async def _write(self) -> None:
        while True:
            message = await self._outgoing.get()
            if isinstance(message, bytes):
                await self._websocket.send_bytes(message)
            else:
                await self._websocket.send_str(message)
            self._outgoing.task_done()

    async def _beat(self, interval_s: float, message: Callable[[], dict[str, Any]]) -> None:
        while True:
            self.send(message())
            await asyncio.sleep(interval_s)
