"""One websocket of the voice gateway, version 8.

Source: Discord docs, Voice Connections and Voice Opcodes. A client that breaks the protocol is closed with Discord's
own code; nothing it sends can do more harm.
"""

import asyncio
import json

from aiohttp import WSMsgType, web

from notetaker.discordsim import tcp
from notetaker.discordsim.voice.faults import Silence
from notetaker.discordsim.voice.group import DaveOp
from notetaker.discordsim.voice.protocol import Body, Close, CloseCode, Op
from notetaker.discordsim.voice.session import Session
from notetaker.discordsim.voice.switchboard import Switchboard

HEARTBEAT_INTERVAL_S = 13.75
PATIENCE_S = 2 * HEARTBEAT_INTERVAL_S
"""How long a client may go without a heartbeat."""
CLOSING_S = 1.0
"""How long a client may take to answer a close frame."""
MAX_MESSAGE_BYTES = 1 << 16

VERSIONS = {"4", "5", "6", "7", "8", "9"}
"""Discord has refused older ones since 2024-11-18; how is not documented."""

IGNORED_OPS = {Op.VIDEO, Op.SESSION_UPDATE, Op.MEDIA_SINK_WANTS}


class Connection(tcp.FaultyConnection):
    def __init__(self, switchboard: Switchboard, request: web.Request) -> None:
        super().__init__(request, PATIENCE_S)
        self.user_id: int | None = None
        """Who the client says it is; None before it does."""
        self.guild_id: int | None = None
        self._switchboard = switchboard
        self._websocket = web.WebSocketResponse(timeout=CLOSING_S, max_msg_size=MAX_MESSAGE_BYTES)
        self._outgoing: asyncio.Queue[str | bytes | Close | None] = asyncio.Queue()
        self._session: Session | None = None
        self._close: Close | None = None
        self._silent = False

    # Used by the session

    def send(self, frame: str | bytes) -> None:
        if not self._silent:
            self._outgoing.put_nowait(frame)

    def send_unnumbered(self, op: Op, body: object) -> None:
        self.send(json.dumps({"op": int(op), "d": body}))

    def close(self, close: Close) -> None:
        """Close after everything sent before is out. 1006 cannot be sent: it resets the TCP connection."""
        if close.code == CloseCode.ABNORMAL:
            self.cut()
        elif self._close is None:
            self._close = close
            self._outgoing.put_nowait(close)
            self._switchboard.closing(self, close)

    # The websocket

    async def serve(self) -> web.WebSocketResponse:
        """Serve the client until either side closes the websocket."""
        await self._websocket.prepare(self._request)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._write())
            try:
                await self._read()
            except Close as close:
                self.close(close)
            except TimeoutError:
                self.close(Close(CloseCode.SESSION_TIMEOUT, "no heartbeat"))
            code = self._close.code if self._close else self._websocket.close_code or CloseCode.ABNORMAL
            self._switchboard.lost(self, self._session, code, by_us=self._close is not None)
            self._outgoing.put_nowait(None)
            self.end_stall()
        return self._websocket

    async def _write(self) -> None:
        try:
            while (frame := await self._outgoing.get()) is not None:
                await self._flowing.wait()
                if isinstance(frame, Close):
                    await self._websocket.close(code=frame.code, message=frame.reason.encode())
                    return
                if isinstance(frame, str):
                    await self._websocket.send_str(frame)
                else:
                    await self._websocket.send_bytes(frame)
        except ConnectionError:
            return  # the reader notices it too, and ``serve`` cleans up

    async def _read(self) -> None:
        async with asyncio.timeout(PATIENCE_S) as self._deadline:
            try:
                await self._converse()
            except Silence:
                self._silent = True
                self._deadline.reschedule(None)
                self._deadline = None
                async for _ in self._websocket:
                    pass
            finally:
                self._deadline = None

    async def _converse(self) -> None:
        self._switchboard.opening()
        hello = {"v": 8, "heartbeat_interval": int(HEARTBEAT_INTERVAL_S * 1000)}
        self.send_unnumbered(Op.HELLO, hello)
        if self._request.query.get("v") not in VERSIONS:
            raise Close(CloseCode.UNKNOWN_PROTOCOL, "voice gateway version")
        async for message in self._websocket:
            await self._flowing.wait()
            if self._close:
                return  # the session is over: ignore what the client still sends
            if message.type is WSMsgType.TEXT:
                self._receive_text(message.data)
            elif message.type is WSMsgType.BINARY:
                self._receive_binary(message.data)

    # Messages

    def _receive_text(self, text: str) -> None:
        try:
            message = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Close(CloseCode.UNDECODABLE_PAYLOAD, "not JSON") from error
        op = message.get("op") if isinstance(message, dict) else None
        if not isinstance(op, int) or isinstance(op, bool):
            raise Close(CloseCode.UNDECODABLE_PAYLOAD, "no op")
        body = message.get("d")
        if op == Op.HEARTBEAT:
            self._heartbeat(body)
        elif op in (Op.IDENTIFY, Op.RESUME):
            if self._session:
                raise Close(CloseCode.ALREADY_AUTHENTICATED, "identified before")
            begin = self._switchboard.identify if op == Op.IDENTIFY else self._switchboard.resume
            self._session = begin(self, Body(body))
        elif self._session is None:
            raise Close(CloseCode.NOT_AUTHENTICATED, "identify first")
        elif op == Op.SELECT_PROTOCOL:
            self._switchboard.select_protocol(self._session, Body(body))
        elif op in (Op.SPEAKING, DaveOp.TRANSITION_READY, DaveOp.INVALID_COMMIT_WELCOME):
            self._switchboard.receive_json(self._session, op, Body(body))
        elif op == Op.VOICE_BACKEND_VERSION:
            self.send_unnumbered(Op.VOICE_BACKEND_VERSION, {"voice": "0.0.0", "rtc_worker": "0.0.0"})
        elif op not in IGNORED_OPS:
            raise Close(CloseCode.UNKNOWN_OPCODE, "unknown opcode")

    def _receive_binary(self, data: bytes) -> None:
        """Handle one of DAVE's two binary opcodes. Any other, and JSON in a binary frame, is ignored."""
        if not data or data[0] not in (DaveOp.KEY_PACKAGE, DaveOp.COMMIT_WELCOME):
            return
        if self._session is None:
            raise Close(CloseCode.NOT_AUTHENTICATED, "identify first")
        self._switchboard.receive_binary(self._session, data[0], data[1:])

    def _heartbeat(self, body: object) -> None:
        """Answer a heartbeat: ``{t, seq_ack}`` since version 8, a bare nonce before."""
        if isinstance(body, dict):
            fields = Body(body)
            acknowledged = fields.integer("seq_ack", -1)
            if self._session:
                self._switchboard.heartbeat(self._session, acknowledged)
            self.send_unnumbered(Op.HEARTBEAT_ACK, {"t": fields.integer("t", 0)})
        elif isinstance(body, int):
            self.send_unnumbered(Op.HEARTBEAT_ACK, body)
        else:
            raise Close(CloseCode.UNDECODABLE_PAYLOAD, "heartbeat without a nonce")
        self._extend_deadline()
