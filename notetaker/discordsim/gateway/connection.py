"""One websocket of the main gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from notetaker.discordsim import tcp
from notetaker.discordsim.gateway.session import CloseConnection, Session, Wire
from notetaker.discordsim.tasks import Tasks

if TYPE_CHECKING:
    from notetaker.discordsim.gateway.gateway import Gateway


class Connection:
    """Reads the client's requests, while a writer sends what its session queues."""

    def __init__(
        self, gateway: Gateway, request: web.Request, socket: web.WebSocketResponse, *, compress: bool
    ) -> None:
        self.socket = socket
        self.wire = Wire(compress=compress)
        self.session: Session | None = None
        self.goodbye: int | None = None
        """The code the client closed with; None if the connection was lost or closed from here."""
        self._gateway = gateway
        self._http = request
        self._stall = tcp.Stall(request)
        self._patience: asyncio.Timeout | None = None
        self._patience_s = 0.0

    # Faults

    def cut(self) -> None:
        """The TCP connection is reset, without a word."""
        tcp.reset(self._http)
        self._stall.stop()

    def stall(self, seconds: float) -> None:
        """Nothing is read or sent for so long; then it goes on as if nothing had been."""
        self._stall.start(seconds)
        self._be_patient(seconds + self._patience_s)

    def end_stall(self) -> None:
        self._stall.stop()

    # The websocket

    async def run(self, heartbeat_ms: int) -> None:
        self.wire.send(
            {"op": 10, "s": None, "t": None, "d": {"heartbeat_interval": heartbeat_ms, "_trace": []}}
        )
        writer = Tasks()
        writing = writer.spawn(self._write())
        self._patience_s = 2 * heartbeat_ms / 1000  # a client that misses two heartbeats is taken for dead
        try:
            async with asyncio.timeout(None) as self._patience:
                while not writing.done():
                    self._be_patient(self._patience_s)
                    message = await self.socket.receive()
                    await self._stall.over()
                    if message.type is WSMsgType.CLOSING:
                        await writing
                    if message.type is WSMsgType.CLOSE:
                        self.goodbye = int(message.data or 1005)
                    if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                        return
                    await self._receive(message.data)
        except TimeoutError:
            raise CloseConnection(4009, "Session timed out.") from None
        finally:
            self._patience = None
            await writer.cancel()

    def _be_patient(self, seconds: float) -> None:
        if self._patience:
            self._patience.reschedule(asyncio.get_running_loop().time() + seconds)

    async def _write(self) -> None:
        while True:
            item = await self.wire.queue.get()
            await self._stall.over()
            if isinstance(item, tuple):
                code, reason = item
                await self.socket.close(code=code, message=reason)
                return
            frame = self.wire.encode(item)
            try:
                await (
                    self.socket.send_str(frame) if isinstance(frame, str) else self.socket.send_bytes(frame)
                )
            except ConnectionError:
                return  # the reader sees the same end and handles it

    async def _receive(self, body: str | bytes) -> None:
        try:
            payload = json.loads(body)
            op, data = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            raise CloseConnection(4002, "Error while decoding payload.") from None
        if op == 1:
            self.wire.send({"op": 11, "s": None, "t": None, "d": None})
        elif op == 2:
            self._identify(data)
        elif op == 6:
            self._resume(data)
        elif self.session is None:
            raise CloseConnection(4003, "Not authenticated.")
        else:
            await self._request(self.session, op, data)

    async def _request(self, session: Session, op: object, data: Any) -> None:
        handlers: dict[object, Callable[[], Coroutine[Any, Any, None] | None]] = {
            3: lambda: None,  # presence: nobody here looks at it
            4: lambda: self._gateway.voice.request(session, data),
            8: lambda: self._gateway.request_members(session, data),
        }
        if op not in handlers:
            self._gateway.unknown(op)
            raise CloseConnection(4001, "Unknown opcode.")
        try:
            result = handlers[op]()
            if result is not None:
                await result
        except (KeyError, TypeError, ValueError):
            raise CloseConnection(4002, "Error while decoding payload.") from None

    def _identify(self, data: Any) -> None:
        if self.session is not None:
            raise CloseConnection(4005, "Already authenticated.")
        if not isinstance(data, dict):
            raise CloseConnection(4002, "Error while decoding payload.")
        self.session = self._gateway.identify(data)
        for payload in self.session.missed(0) or []:
            self.wire.send(payload)
        self.session.wire = self.wire

    def _resume(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise CloseConnection(4002, "Error while decoding payload.")
        resumed = self._gateway.resume(data)
        if resumed is None:
            self.wire.send({"op": 9, "s": None, "t": None, "d": False})
            return
        self.session, missed = resumed
        for payload in missed:
            self.wire.send(payload)
        self.session.wire = self.wire
