"""The voice server, with one TLS websocket port and one UDP port, as the rest of the local Discord uses it."""

import asyncio
import secrets
import ssl

from aiohttp import web

from notetaker.discordsim import tcp
from notetaker.discordsim.voice.channel import EventSink
from notetaker.discordsim.voice.connection import Connection
from notetaker.discordsim.voice.faults import Faults
from notetaker.discordsim.voice.protocol import Close, CloseCode, Op
from notetaker.discordsim.voice.session import Allocation
from notetaker.discordsim.voice.switchboard import Switchboard


class VoiceServer:
    """``allocate`` gives a user a place, which it takes at ``endpoint``; ``release`` takes it away."""

    def __init__(
        self, *, ssl_context: ssl.SSLContext, faults: Faults, on_event: EventSink, host: str = "127.0.0.1"
    ) -> None:
        self.endpoint = ""
        """``host:port`` for VOICE_SERVER_UPDATE; set by ``start``."""
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
        """Return a new token for a user who joins or moves. An earlier one becomes invalid.

        After a move, or when another main gateway session takes over, the old websocket is closed with 4014. A live
        session in the same channel lasts until the user identifies again, so a client can connect the new one first.
        """
        token = secrets.token_hex(8)
        self._switchboard.allocate(Allocation(guild_id, channel_id, user_id, session_id, token, e2ee, region))
        return token

    async def release(self, *, guild_id: int, user_id: int, code: int = CloseCode.DISCONNECTED) -> None:
        """Close the websocket of a user who left voice or was thrown out, and tell the others."""
        self._switchboard.release(guild_id, user_id, code)

    def stats(self) -> list[dict[str, object]]:
        """Return the audio counts per sender and receiver; see ``Sfu.stats``."""
        return self._switchboard.sfu.stats()

    def dropped(self) -> dict[str, int]:
        """Return how many datagrams were not forwarded, by reason."""
        return dict(self._switchboard.sfu.dropped)

    def moderate(self, *, guild_id: int, user_id: int, mute: bool, deaf: bool) -> None:
        """Set a moderator's flags: nobody hears a muted user, and a deafened one is sent nothing."""
        self._switchboard.moderate(guild_id, user_id, mute, deaf)

    # Faults that strike at once, in one guild or in all. Each returns the number of websockets it struck.

    def hang_up(self, user_id: int, code: int, guild_id: int | None = None) -> int:
        """Close with ``code``, which ends the session unless it is in ``protocol.RESUMABLE``. 1006: see ``cut``."""
        return self._switchboard.hang_up(user_id, guild_id, Close(code, "on purpose"))

    def cut(self, user_id: int, guild_id: int | None = None) -> int:
        """Reset the TCP connection. UDP still works, and the session can be resumed."""
        return tcp.strike(self._connections_of(user_id, guild_id), Connection.cut)

    def stall(self, user_id: int, seconds: float, guild_id: int | None = None) -> int:
        """Read and send nothing on the websocket for this long. UDP still works."""
        return tcp.strike(self._connections_of(user_id, guild_id), lambda struck: struck.stall(seconds))

    def rebind(self, user_id: int, guild_id: int | None = None) -> int:
        """Let a NAT give the user's datagrams another port from now on; audio for the old one arrives nowhere."""
        return self._switchboard.rebind(user_id, guild_id)

    def outage(self, seconds: float) -> int:
        """Reset every websocket; for this long accept none, and let no datagram through."""
        self._faults.begin_outage(seconds)
        return tcp.strike(self._connections, Connection.cut)

    def ask_for_heartbeat(self, user_id: int, guild_id: int | None = None) -> int:
        """Send op 3 (discord-userdoccers, "Heartbeating")."""
        struck = self._connections_of(user_id, guild_id)
        return tcp.strike(struck, lambda connection: connection.send_unnumbered(Op.HEARTBEAT, None))

    def restart_stream(self, user_id: int, guild_id: int | None = None) -> int:
        """Let the user's audio go on under other sequence numbers and timestamps, as after a restart."""
        return self._switchboard.restart_stream(user_id, guild_id)

    def change_version(self, guild_id: int, channel_id: int, *, dave: bool) -> bool:
        """Use DAVE in a channel, or stop using it. Return False if nothing changes or nobody is there."""
        return self._switchboard.change_version(guild_id, channel_id, dave=dave)

    def execute_unknown_transition(self, guild_id: int, user_id: int) -> bool:
        """Send op 22 with an id that was never announced. Return False if the user has no session."""
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
            return web.Response(status=503)  # never read: the connection is reset
        connection = Connection(self._switchboard, request)
        self._connections.add(connection)
        try:
            return await connection.serve()
        finally:
            self._connections.discard(connection)
