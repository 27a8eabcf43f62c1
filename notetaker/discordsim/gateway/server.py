"""The main gateway, version 10: all sessions and their websockets.

Source: Discord docs, Events / Gateway.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from aiohttp import web

from notetaker.discordsim import tcp
from notetaker.discordsim.gateway.connection import Connection
from notetaker.discordsim.gateway.protocol import (
    KNOWN_INTENTS,
    PRIVILEGED,
    Close,
    CloseCode,
    Intent,
    Op,
)
from notetaker.discordsim.gateway.session import Session, Wire
from notetaker.discordsim.tasks import Tasks
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Channel, Guild, Json
from notetaker.discordsim.world.events import EventLog
from notetaker.discordsim.world.world import World

HEARTBEAT_MS = 41_250
RESUMABLE_S = 120.0
"""How long a session outlives its connection: a crashed bot stays in its channel for about 2 min (pycord#1905)."""
CLOSING_S = 2.0
"""How long a client may take to answer a close frame."""
MEMBERS_PER_CHUNK = 1000


class VoiceRequests(Protocol):
    """What the gateway asks of ``VoiceStates``."""

    async def update(self, session: Session, data: Json) -> None: ...

    async def session_ended(self, session: Session) -> None: ...


class Gateway:
    """All main-gateway sessions. Implements ``connection.Backend``."""

    def __init__(self, world: World, events: EventLog, *, heartbeat_ms: int = HEARTBEAT_MS) -> None:
        self.url = ""
        """Set once the server listens."""
        self.voice: VoiceRequests
        """Set by ``LocalDiscord``, because voice needs the gateway first."""
        self.sessions: dict[str, Session] = {}
        self.unavailable: set[int] = set()
        """Ids of guilds with an outage: nothing is heard of them."""
        self._world = world
        self._events = events
        self._heartbeat_ms = heartbeat_ms
        self._connections: set[Connection] = set()
        self._tasks = Tasks()

    # Used by the rest of the server

    def dispatch(
        self,
        event: str,
        guild_id: int,
        data: Json | Callable[[Session], Json],
        *,
        audience: Callable[[int], bool] = lambda user_id: True,
    ) -> None:
        """Send an event to the guild's sessions whose intents allow it and whose user is in the audience."""
        guild = self._world.guilds[guild_id]
        if guild_id in self.unavailable:
            return
        for session in list(self.sessions.values()):
            user_id = session.user.id
            if (
                session.serves(guild_id)
                and user_id in guild.members
                and (session.wants(event) or _is_about(session, event, data))
                and audience(user_id)
            ):
                session.dispatch(event, data(session) if callable(data) else data)

    def dispatch_direct(self, event: str, dm: Channel, data: Json) -> None:
        """Send an event of a DM to the sessions of its two users."""
        for user_id in dm.recipient_ids:
            for session in self.of_user(user_id):
                if session.serves_dms and session.wants(event, direct=True):
                    session.dispatch(event, data)

    def send_guild(self, user_id: int, guild: Guild, *, joined: bool = False) -> None:
        """Send GUILD_CREATE to a user who has ``joined`` the guild, or after an outage.

        Only the latter has ``unavailable`` in it, by which clients tell them apart.
        """
        for session in self.of_user(user_id, guild.id):
            if session.wants("GUILD_CREATE"):
                payload = self._guild_create(session, guild)
                if joined:
                    del payload["unavailable"]
                session.dispatch("GUILD_CREATE", payload)

    def take_guild(self, user_id: int, guild_id: int, *, outage: bool) -> None:
        """Send GUILD_DELETE: the user was removed from the guild, or it has an outage (``unavailable``)."""
        data: Json = {"id": str(guild_id)} | ({"unavailable": True} if outage else {})
        for session in self.of_user(user_id, guild_id):
            if session.wants("GUILD_DELETE"):
                session.dispatch("GUILD_DELETE", data)

    def of_user(self, user_id: int, guild_id: int | None = None) -> list[Session]:
        """Return a user's sessions: all, or those that serve the guild."""
        return [
            session
            for session in self.sessions.values()
            if session.user.id == user_id and (guild_id is None or session.serves(guild_id))
        ]

    # Faults. Each returns the number of connections it struck.

    def hang_up(self, user_id: int, code: int) -> int:
        """Close a user's connections with ``code``; 1006 resets the TCP connections."""
        if code == CloseCode.ABNORMAL:
            return self.cut(user_id)
        return tcp.strike(self._wires(user_id), lambda wire: wire.close(code, "closed by the test"))

    def ask_to_reconnect(self, user_id: int) -> int:
        """Send op 7 to a user's connections."""
        return tcp.strike(self._wires(user_id), lambda wire: wire.send_op(Op.RECONNECT, None))

    def invalidate(self, user_id: int) -> int:
        """End a user's sessions that are connected, and tell the client so (op 9)."""
        sessions = [session for session in self.of_user(user_id) if session.wire is not None]
        tcp.strike(self._wires(user_id), lambda wire: wire.send_op(Op.INVALID_SESSION, data=False))
        return tcp.strike(sessions, self._end)

    def cut(self, user_id: int | None = None) -> int:
        """Reset the TCP connections of a user, or of everybody."""
        return tcp.strike(self._connections_of(user_id), Connection.cut)

    def stall(self, user_id: int, seconds: float) -> int:
        """Read nothing from a user's connections and send nothing on them, for this long."""
        return tcp.strike(self._connections_of(user_id), lambda connection: connection.stall(seconds))

    def _wires(self, user_id: int) -> list[Wire]:
        return [session.wire for session in self.of_user(user_id) if session.wire is not None]

    def _connections_of(self, user_id: int | None) -> list[Connection]:
        return [
            connection
            for connection in self._connections
            if user_id is None or (connection.session and connection.session.user.id == user_id)
        ]

    async def stop(self) -> None:
        for connection in self._connections:
            connection.end_stall()
        for session in self.sessions.values():
            if session.expiry is not None:
                session.expiry.cancel()
            if session.wire is not None:
                session.wire.close(CloseCode.GOING_AWAY, "going away")
        await self._tasks.cancel()

    # One connection

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0, compress=False, timeout=CLOSING_S)
        await socket.prepare(request)
        compress = request.query.get("compress") == "zlib-stream"
        connection = Connection(self, request, socket, self._heartbeat_ms, compress=compress)
        self._connections.add(connection)
        try:
            _check_dialect(request)
            await connection.run()
        except Close as close:
            self._events.publish("gateway_closed", code=close.code, reason=close.reason)
            await socket.close(code=close.code, message=close.reason.encode())
        finally:
            self._connections.discard(connection)
            connection.end_stall()
            self._detach(connection)
        return socket

    def identify(self, data: Json) -> Session:
        user = self._world.user_of_token(str(data.get("token", "")).removeprefix("Bot "))
        if user is None:
            raise Close(CloseCode.AUTHENTICATION_FAILED)
        session = Session(
            f"{self._world.random.getrandbits(128):032x}", user, self._intents(user.id, data), _shard(data)
        )
        self.sessions[session.id] = session
        guilds = [g for g in self._world.guilds_of(user.id) if session.serves(g.id)]
        session.dispatch("READY", self._ready(session, guilds))
        if session.wants("GUILD_CREATE"):
            for guild in guilds:
                if guild.id not in self.unavailable:
                    session.dispatch("GUILD_CREATE", self._guild_create(session, guild))
        self._events.publish(
            "gateway_ready",
            user_id=str(user.id),
            name=user.display_name,
            session_id=session.id,
            shard=session.shard,
        )
        return session

    def resume(self, data: Json) -> tuple[Session, list[Json]] | None:
        session = self.sessions.get(str(data.get("session_id")))
        if session is None or session.user.token != str(data.get("token", "")).removeprefix("Bot "):
            return None
        seq = data.get("seq")
        if not isinstance(seq, int) or seq > session.seq:
            raise Close(CloseCode.INVALID_SEQ)
        missed = session.missed(seq)
        if missed is None:
            return None
        if session.wire is not None:
            session.wire.close(CloseCode.UNKNOWN_ERROR, "resumed elsewhere")
            session.wire = None
        if session.expiry is not None:
            session.expiry.cancel()
        session.dispatch("RESUMED", {"_trace": ["local"]})
        self._events.publish("gateway_resumed", user_id=str(session.user.id), session_id=session.id)
        return session, [*missed, *(session.missed(session.seq - 1) or [])]

    async def update_voice_state(self, session: Session, data: Json) -> None:
        await self.voice.update(session, data)

    def request_members(self, session: Session, data: Json) -> None:
        """Answer op 8. Listing everyone needs the privileged members intent; naming users or a prefix does not."""
        guild = self._world.guilds.get(int(data["guild_id"]))
        if guild is None or session.user.id not in guild.members:
            return
        wanted = data.get("user_ids")
        limit = int(data.get("limit", 0))
        if wanted is not None:
            ids = [int(i) for i in (wanted if isinstance(wanted, list) else [wanted])]
            found = [guild.members[i] for i in ids if i in guild.members]
            not_found = [str(i) for i in ids if i not in guild.members]
        else:
            query = str(data.get("query", "")).lower()
            if not query and not session.intents & Intent.GUILD_MEMBERS:
                raise Close(CloseCode.DISALLOWED_INTENTS)
            names = self._world.display_name
            found = [m for m in guild.members.values() if names(guild, m.user_id).lower().startswith(query)]
            found, not_found = found[: limit or None], []
        chunks = [found[i : i + MEMBERS_PER_CHUNK] for i in range(0, len(found), MEMBERS_PER_CHUNK)] or [[]]
        for index, chunk in enumerate(chunks):
            payload: Json = {
                "guild_id": str(guild.id),
                "members": [payloads.member(self._world, m) for m in chunk],
                "chunk_index": index,
                "chunk_count": len(chunks),
            }
            if not_found:
                payload["not_found"] = not_found
            if data.get("nonce") is not None:
                payload["nonce"] = data["nonce"]
            session.dispatch("GUILD_MEMBERS_CHUNK", payload)

    def unknown(self, op: object) -> None:
        self._events.publish("unknown_gateway_op", op=op)

    def _ready(self, session: Session, guilds: list[Guild]) -> Json:
        user = session.user
        ready: Json = {
            "v": 10,
            "user": payloads.own_user(user),
            "user_settings": {},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "shard": list(session.shard),
            "_trace": ["local"],
        }
        if user.bot:
            ready["application"] = {"id": str(user.id), "flags": 1 << 23}
        return ready

    def _guild_create(self, session: Session, guild: Guild) -> Json:
        return payloads.guild_create(
            self._world,
            guild,
            session.user.id,
            voice_states=bool(session.intents & Intent.GUILD_VOICE_STATES),
            everyone=bool(session.intents & Intent.GUILD_PRESENCES),
        )

    def _intents(self, user_id: int, data: Json) -> int:
        """Return the intents asked for, or all of them for a person's client, which sends none."""
        application = self._world.applications.get(user_id)
        if application is None:
            return KNOWN_INTENTS
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~KNOWN_INTENTS:
            raise Close(CloseCode.INVALID_INTENTS)
        if intents & PRIVILEGED & ~application.privileged_intents:
            raise Close(CloseCode.DISALLOWED_INTENTS)
        return intents

    def _detach(self, connection: Connection) -> None:
        """Keep the session for a resume, unless the client closed with 1000 or 1001 (docs, Gateway / Resuming)."""
        session = connection.session
        if session is None or session.wire is not connection.wire:
            return
        session.wire = None
        code = connection.client_code
        self._events.publish("gateway_lost", user_id=str(session.user.id), session_id=session.id, code=code)
        if session.id not in self.sessions:
            return
        if code in (CloseCode.NORMAL, CloseCode.GOING_AWAY):
            self._end(session)
        else:
            session.expiry = asyncio.get_running_loop().call_later(RESUMABLE_S, self._end, session)

    def _end(self, session: Session) -> None:
        if self.sessions.pop(session.id, None) is not None:
            self._tasks.spawn(self.voice.session_ended(session))


def _is_about(session: Session, event: str, data: object) -> bool:
    """Return whether this is a change of the session's own member, which needs no intent (docs, List of Intents)."""
    return (
        event == "GUILD_MEMBER_UPDATE"
        and isinstance(data, dict)
        and data["user"]["id"] == str(session.user.id)
    )


def _check_dialect(request: web.Request) -> None:
    """Raise Close for another encoding or version. Clients that resume may send no query at all."""
    if request.query.get("encoding", "json") != "json":
        raise Close(CloseCode.DECODE_ERROR)
    if request.query.get("v", "10") != "10":
        raise Close(CloseCode.INVALID_API_VERSION)


def _shard(data: Json) -> tuple[int, int]:
    shard = data.get("shard", [0, 1])
    valid = isinstance(shard, list) and len(shard) == 2 and all(isinstance(n, int) for n in shard)
    if not valid or not 0 <= shard[0] < shard[1]:
        raise Close(CloseCode.INVALID_SHARD)
    return shard[0], shard[1]
