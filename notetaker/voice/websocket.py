"""The voice websocket: opened and closed within time limits, written to by one task in order."""

import asyncio
import ssl
from pathlib import Path

import aiohttp

from notetaker.wire.opcodes import VERSION

SEND_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 3.0
MAX_MESSAGE_BYTES = 1 << 20


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trust the system's authorities and those in ``ca_file``. Raises ``OSError`` if it is unreadable."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


class VoiceWebSocket:
    """One connection. Messages given to ``send`` go out in order."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._outgoing: asyncio.Queue[str | bytes] = asyncio.Queue()
        self.close_code: int | None = None
        """The server's close code; None if it gave none (the connection was cut)."""

    @classmethod
    async def open(cls, http: aiohttp.ClientSession, endpoint: str, tls: ssl.SSLContext) -> "VoiceWebSocket":
        """Connect to ``endpoint`` as it is, with its port. Raises ``aiohttp.ClientError`` or ``OSError``."""
        socket = await http.ws_connect(
            f"wss://{endpoint}/?v={VERSION}",
            ssl=tls,
            max_msg_size=MAX_MESSAGE_BYTES,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
            autoclose=False,  # answering a close frame by itself, aiohttp forgets the code if the answer fails
        )
        return cls(socket)

    def send(self, message: str | bytes) -> None:
        """Queue a text or binary frame."""
        self._outgoing.put_nowait(message)

    async def write(self) -> None:
        """Send what is queued until cancelled. Raises ``OSError`` when the peer stops reading."""
        while True:
            message = await self._outgoing.get()
            async with asyncio.timeout(SEND_TIMEOUT_S):
                if isinstance(message, str):
                    await self._socket.send_str(message)
                else:
                    await self._socket.send_bytes(message)

    async def receive(self) -> str | bytes | None:
        """Return the next message, or None once the connection is closed."""
        message = await self._socket.receive()
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            data: str | bytes = message.data
            return data
        if message.type is aiohttp.WSMsgType.CLOSE:
            self.close_code = message.data
        return None

    async def close(self) -> None:
        await self._socket.close()
