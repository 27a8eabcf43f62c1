"""The voice server as the main gateway of the local Discord sees it: one TLS websocket port, one UDP port."""

import asyncio
import secrets
import ssl

from aiohttp import web

from notetaker.discordsim.voice.channel import EventSink
from notetaker.discordsim.voice.connection import Connection
from notetaker.discordsim.voice.faults import Faults
from notetaker.discordsim.voice.session import Allocation, Close, CloseCode
from notetaker.discordsim.voice.switchboard import Switchboard


class VoiceServer:
    """Users are promised a place with `allocate` and come for it on `endpoint`; `release` takes it away."""

    def __init__(
        self, *, ssl_context: ssl.SSLContext, faults: Faults, on_event: EventSink, host: str = "127.0.0.1"
    ) -> None:
        self.endpoint = ""
        """host:port as it goes into VOICE_SERVER_UPDATE; known once started."""
        self._ssl_context = ssl_context
        self._host = host
        self._switchboard = Switchboard(faults, on_event)
        self._connections: set[Connection] = set()
        application = web.Application()
        application.router.add_get("/", self._serve)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=2.0)

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, 0, ssl_context=self._ssl_context).start()
        self.endpoint = f"localhost:{self._runner.addresses[0][1]}"
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self._switchboard.sfu, local_addr=(self._host, 0))

    async def stop(self) -> None:
        for connection in self._connections:
            connection.close(Close(CloseCode.GOING_AWAY, "shutting down"))
        await self._runner.cleanup()
        self._switchboard.end_all()
        self._switchboard.sfu.close()

    def allocate(
        self, *, guild_id: int, channel_id: int, user_id: int, session_id: str, e2ee: bool = True
    ) -> str:
        """A fresh token for a user who joins or moves; an earlier one is worth nothing any more.

        After a move the old websocket is closed with 4014. A live session in the same channel goes on until the
        user identifies anew, so that a client can connect the new one first.
        """
        token = secrets.token_hex(8)
        self._switchboard.allocate(Allocation(guild_id, channel_id, user_id, session_id, token, e2ee))
        return token

    async def release(self, *, guild_id: int, user_id: int, code: int = CloseCode.DISCONNECTED) -> None:
        """The user left voice or was thrown out: its websocket is closed, the others see it go."""
        self._switchboard.release(guild_id, user_id, code)

    def cut(self, user_id: int) -> None:
        """A fault: the TCP connection of the user's websocket is reset; UDP goes on."""
        for connection in self._connections:
            if connection.user_id == user_id:
                connection.cut()

    def stats(self) -> list[dict[str, object]]:
        """Audio per sender and receiver: see `Sfu.stats`."""
        return self._switchboard.sfu.stats()

    def dropped(self) -> dict[str, int]:
        """Datagrams that were forwarded to nobody, by reason."""
        return dict(self._switchboard.sfu.dropped)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        connection = Connection(self._switchboard, request)
        self._connections.add(connection)
        try:
            return await connection.serve()
        finally:
            self._connections.discard(connection)
