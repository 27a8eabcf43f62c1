"""One websocket of the main gateway."""

import asyncio
import json
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from notetaker.discordsim import tcp
from notetaker.discordsim.gateway.protocol import Close, CloseCode, Op
from notetaker.discordsim.gateway.session import Session, Wire
from notetaker.discordsim.tasks import Tasks
from notetaker.discordsim.world.entities import Json


class Backend(Protocol):
    """What a connection asks of the gateway. All but the last may raise Close."""

    def identify(self, data: Json) -> Session:
        """Return a new session, with READY and the guilds already queued in it."""

    def resume(self, data: Json) -> tuple[Session, list[Json]] | None:
        """Return the session and the events it missed, RESUMED last; None if it cannot be resumed."""

    async def update_voice_state(self, session: Session, data: Json) -> None: ...

    def request_members(self, session: Session, data: Json) -> None: ...

    def unknown(self, op: object) -> None: ...


class Connection(tcp.FaultyConnection):
    """Reads the client's requests, while a writer sends what its session queues."""

    def __init__(
        self,
        backend: Backend,
        request: web.Request,
        socket: web.WebSocketResponse,
        heartbeat_ms: int,
        *,
        compress: bool,
    ) -> None:
        super().__init__(request, 2 * heartbeat_ms / 1000)  # who misses two heartbeats is presumed dead
        self.socket = socket
        self.wire = Wire(compress=compress)
        self.session: Session | None = None
        self.client_code: int | None = None
        """The code the client closed with; None if the connection was lost or closed from here."""
        self._backend = backend
        self._heartbeat_ms = heartbeat_ms

    async def run(self) -> None:
        """Serve the client until it goes. Raises Close if it breaks a rule."""
        self.wire.send_op(Op.HELLO, {"heartbeat_interval": self._heartbeat_ms, "_trace": []})
        writer = Tasks()
        writing = writer.spawn(self._write())
        try:
            async with asyncio.timeout(None) as self._deadline:
                while not writing.done():
                    self._extend_deadline()
                    message = await self.socket.receive()
                    await self._flowing.wait()
                    if message.type is WSMsgType.CLOSING:
                        await writing
                    if message.type is WSMsgType.CLOSE:
                        self.client_code = int(message.data or CloseCode.NO_STATUS)
                    if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                        return
                    await self._receive(message.data)
        except TimeoutError:
            raise Close(CloseCode.SESSION_TIMED_OUT) from None
        finally:
            self._deadline = None
            await writer.cancel()

    async def _write(self) -> None:
        while True:
            item = await self.wire.queue.get()
            await self._flowing.wait()
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
                return  # the reader notices it too, and cleans up

    async def _receive(self, body: str | bytes) -> None:
        try:
            payload = json.loads(body)
            op, data = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            raise Close(CloseCode.DECODE_ERROR) from None
        if op == Op.HEARTBEAT:
            self.wire.send_op(Op.HEARTBEAT_ACK, None)
        elif op == Op.IDENTIFY:
            self._identify(data)
        elif op == Op.RESUME:
            self._resume(data)
        elif self.session is None:
            raise Close(CloseCode.NOT_AUTHENTICATED)
        else:
            await self._handle(self.session, op, data)

    async def _handle(self, session: Session, op: object, data: Any) -> None:
        try:
            if op == Op.VOICE_STATE_UPDATE:
                await self._backend.update_voice_state(session, data)
            elif op == Op.REQUEST_GUILD_MEMBERS:
                self._backend.request_members(session, data)
            elif op != Op.PRESENCE_UPDATE:  # nobody here looks at presences
                self._backend.unknown(op)
                raise Close(CloseCode.UNKNOWN_OPCODE)
        except (KeyError, TypeError, ValueError):
            raise Close(CloseCode.DECODE_ERROR) from None

    def _identify(self, data: Any) -> None:
        if self.session is not None:
            raise Close(CloseCode.ALREADY_AUTHENTICATED)
        if not isinstance(data, dict):
            raise Close(CloseCode.DECODE_ERROR)
        self.session = self._backend.identify(data)
        for payload in self.session.missed(0) or []:
            self.wire.send(payload)
        self.session.wire = self.wire

    def _resume(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise Close(CloseCode.DECODE_ERROR)
        resumed = self._backend.resume(data)
        if resumed is None:
            self.wire.send_op(Op.INVALID_SESSION, data=False)
            return
        self.session, missed = resumed
        for payload in missed:
            self.wire.send(payload)
        self.session.wire = self.wire
