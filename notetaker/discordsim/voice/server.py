"""The voice server as the main gateway of the local Discord sees it: one TLS websocket port, one UDP port."""

import asyncio
import secrets
import ssl

from aiohttp import web

from notetaker.discordsim import tcp
from notetaker.discordsim.voice.channel import EventSink
from notetaker.discordsim.voice.connection import Connection
from notetaker.discordsim.voice.faults import Faults
from notetaker.discordsim.voice.session import Allocation, Close, CloseCode, Op
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
        self._faults = faults
        faults.script.on_event = on_event
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
            connection.end_stall()
            connection.close(Close(CloseCode.GOING_AWAY, "shutting down"))
        await self._runner.cleanup()
        self._switchboard.end_all()
        self._switchboard.sfu.close()

    def allocate(
        self,
        *,
        guild_id: int,
        channel_id: int,
        user_id: int,
        session_id: str,
        e2ee: bool = True,
        region: str | None = None,
    ) -> str:
        """A fresh token for a user who joins or moves; an earlier one is worth nothing any more.

        After a move, or when another main gateway session takes over, the old websocket is closed with 4014. A
        live session in the same channel goes on until the user identifies anew, so that a client can connect the
        new one first.
        """
        token = secrets.token_hex(8)
        self._switchboard.allocate(Allocation(guild_id, channel_id, user_id, session_id, token, e2ee, region))
        return token

    async def release(self, *, guild_id: int, user_id: int, code: int = CloseCode.DISCONNECTED) -> None:
        """The user left voice or was thrown out: its websocket is closed, the others see it go."""
        self._switchboard.release(guild_id, user_id, code)

    def stats(self) -> list[dict[str, object]]:
        """Audio per sender and receiver: see `Sfu.stats`."""
        return self._switchboard.sfu.stats()

    def dropped(self) -> dict[str, int]:
        """Datagrams that were forwarded to nobody, by reason."""
        return dict(self._switchboard.sfu.dropped)

    def moderate(self, *, guild_id: int, user_id: int, mute: bool, deaf: bool) -> None:
        """A moderator's flags: who is muted is heard by nobody, who is deafened is sent nothing."""
        self._switchboard.moderate(guild_id, user_id, mute, deaf)

    # Faults that strike now. Each returns how many websockets it struck; without a guild: those of all guilds.

    def hang_up(self, user_id: int, code: int, guild_id: int | None = None) -> int:
        """Closes with `code`; the session can be resumed if the code is in `session.RESUMABLE`. 1006: see `cut`."""
        return self._switchboard.hang_up(user_id, guild_id, Close(code, "on purpose"))

    def cut(self, user_id: int, guild_id: int | None = None) -> int:
        """The TCP connection is reset; UDP goes on, and the session can be resumed."""
        struck = self._connections_of(user_id, guild_id)
        for connection in struck:
            connection.cut()
        return len(struck)

    def stall(self, user_id: int, seconds: float, guild_id: int | None = None) -> int:
        """For so long nothing is read from the websocket, nor sent; UDP goes on."""
        struck = self._connections_of(user_id, guild_id)
        for connection in struck:
            connection.stall(seconds)
        return len(struck)

    def outage(self, seconds: float) -> int:
        """Every websocket is reset; for so long none is let in, and no datagram gets through."""
        self._faults.begin_outage(seconds)
        for connection in self._connections:
            connection.cut()
        return len(self._connections)

    def ask_for_heartbeat(self, user_id: int, guild_id: int | None = None) -> int:
        """Sends op 3 (discord-userdoccers, "Heartbeating")."""
        struck = self._connections_of(user_id, guild_id)
        for connection in struck:
            connection.send_unnumbered(Op.HEARTBEAT, None)
        return len(struck)

    def change_version(self, guild_id: int, channel_id: int, *, dave: bool) -> bool:
        """DAVE goes from a channel, or comes back; False if nobody is there, or it is so already."""
        return self._switchboard.change_version(guild_id, channel_id, dave=dave)

    def execute_unknown_transition(self, guild_id: int, user_id: int) -> bool:
        """Sends op 22 with an id that nobody was told of; False if the user has no session."""
        return self._switchboard.execute_unknown_transition(guild_id, user_id)

    def _connections_of(self, user_id: int, guild_id: int | None) -> list[Connection]:
        return [
            connection
            for connection in self._connections
            if connection.user_id == user_id and guild_id in (None, connection.guild_id)
        ]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self._faults.outage:
            tcp.reset(request)
            return web.Response(status=503)  # which nobody reads
        connection = Connection(self._switchboard, request)
        self._connections.add(connection)
        try:
            return await connection.serve()
        finally:
            self._connections.discard(connection)
