"""All allocated places, sessions and channels, and what happens to them when a websocket says something."""

import asyncio
import ipaddress
import secrets
from collections.abc import Iterator

from notetaker.discordsim.voice.aead import AES_GCM, MODES, TransportKey
from notetaker.discordsim.voice.channel import Channel, EventSink
from notetaker.discordsim.voice.faults import Damage, Faults, Silence, Step
from notetaker.discordsim.voice.group import PROTOCOL_VERSION, DaveOp
from notetaker.discordsim.voice.mls import ExternalSender
from notetaker.discordsim.voice.protocol import RESUMABLE, Body, Close, CloseCode, Op
from notetaker.discordsim.voice.session import Allocation, Session, Websocket
from notetaker.discordsim.voice.sfu import Sfu

RESUME_WINDOW_S = 15.0
"""How long a session outlives its websocket. Discord does not publish its figure."""

UNKNOWN_TRANSITION = 0xFFFF
"""No channel lives long enough to use this id."""

FINAL = {CloseCode.NORMAL, CloseCode.GOING_AWAY}
"""A client that closes with one of these does not come back. After any other code it may resume."""


class Switchboard:
    """Sessions and channels, and what they answer to websockets. An invalid message raises Close, a fault Silence."""

    def __init__(self, faults: Faults, on_event: EventSink) -> None:
        self.sfu = Sfu(faults, self._audience)
        self._faults = faults
        self._on_event = on_event
        self._sender = ExternalSender()
        self._allocations: dict[tuple[int, int], Allocation] = {}
        self._guilds: set[int] = set()
        self._sessions: dict[tuple[int, int], Session] = {}
        self._channels: dict[tuple[int, int], Channel] = {}
        self._places: dict[tuple[int, int], int] = {}
        """The channel of each (guild id, user id), with or without a session."""
        self._expiries: dict[Session, asyncio.TimerHandle] = {}
        self._next_ssrc = faults.random.randrange(1, 2**31)
        self._freed_ssrcs: dict[int, int] = {}
        """By guild: to be used again, as a fault wants it."""

    def allocate(self, allocation: Allocation) -> None:
        key = (allocation.guild_id, allocation.user_id)
        self._guilds.add(allocation.guild_id)
        self._allocations[key] = allocation
        self._places[key] = allocation.channel_id
        session = self._sessions.get(key)
        if session and session.channel_id != allocation.channel_id:
            self._disconnect(session, Close(CloseCode.DISCONNECTED, "moved to another channel"))
        elif session and session.allocation.session_id != allocation.session_id:
            self._disconnect(session, Close(CloseCode.DISCONNECTED, "another main gateway session took over"))

    def release(self, guild_id: int, user_id: int, code: int) -> None:
        self._allocations.pop((guild_id, user_id), None)
        self._places.pop((guild_id, user_id), None)
        if session := self._sessions.get((guild_id, user_id)):
            self._disconnect(session, Close(code, "left the channel"))

    def moderate(self, guild_id: int, user_id: int, mute: bool, deaf: bool) -> None:
        for flag, users in ((mute, self.sfu.muted), (deaf, self.sfu.deafened)):
            (users.add if flag else users.discard)((guild_id, user_id))

    def hang_up(self, user_id: int, guild_id: int | None, close: Close) -> int:
        """Close a user's websockets, and their sessions unless the code is resumable. Return how many there were."""
        struck = [
            session
            for (guild, user), session in self._sessions.items()
            if user == user_id and guild_id in (None, guild) and session.websocket
        ]
        for session in struck:
            if close.code not in RESUMABLE:
                self._disconnect(session, close)
            elif session.websocket:
                session.websocket.close(close)
        return len(struck)

    def rebind(self, user_id: int, guild_id: int | None) -> int:
        """Let a NAT give the user's datagrams another port from now on. Return how many sessions that struck."""
        return sum(
            session.rebind()
            for (guild, user), session in self._sessions.items()
            if user == user_id and guild_id in (None, guild)
        )

    def change_version(self, guild_id: int, channel_id: int, *, dave: bool) -> bool:
        """Use DAVE in a channel, or stop using it. Return False if nothing changes or nobody is there."""
        channel = self._channels.get((guild_id, channel_id))
        if channel is None or bool(channel.group.version) == dave:
            return False
        (channel.upgrade if dave else channel.downgrade)()
        return True

    def restart_stream(self, user_id: int, guild_id: int | None) -> int:
        """Let the user's audio go on under other numbers. Return to how many receivers it goes."""
        sessions = self._sessions.values()
        mine = [one for one in sessions if one.user_id == user_id and guild_id in (None, one.guild_id)]
        return sum(map(self.sfu.restart, mine))

    def execute_unknown_transition(self, guild_id: int, user_id: int) -> bool:
        """Send op 22 with an id that was never announced. Return False if the user has no session."""
        session = self._sessions.get((guild_id, user_id))
        if session is None:
            return False
        session.send(DaveOp.EXECUTE_TRANSITION, {"transition_id": UNKNOWN_TRANSITION})
        return True

    def end_all(self) -> None:
        for session in list(self._sessions.values()):
            self._end(session)

    # Sessions

    def _channel(self, session: Session) -> Channel:
        return self._channels[session.guild_id, session.channel_id]

    def _audience(self, sender: Session) -> Iterator[tuple[int, Session | None]]:
        sessions = self._channel(sender).sessions
        place = (sender.guild_id, sender.channel_id)
        for (guild_id, user_id), channel_id in self._places.items():
            if (guild_id, channel_id) == place and user_id != sender.user_id:
                yield user_id, sessions.get(user_id)

    def _begin(self, allocation: Allocation) -> Session:
        key = (allocation.guild_id, allocation.user_id)
        if earlier := self._sessions.get(key):
            self._disconnect(earlier, Close(CloseCode.DISCONNECTED, "connected anew"))
        session = self._sessions[key] = Session(allocation, self._new_ssrc(allocation.guild_id))
        self.sfu.add(session)
        place = (allocation.guild_id, allocation.channel_id)
        if place not in self._channels:
            self._channels[place] = Channel(*place, self._sender, self._on_event, self._faults.script)
        return session

    def _new_ssrc(self, guild_id: int) -> int:
        if guild_id in self._freed_ssrcs:
            return self._freed_ssrcs.pop(guild_id)
        self._next_ssrc += 1
        return self._next_ssrc - 1

    def _disconnect(self, session: Session, close: Close) -> None:
        session.close(close)
        self._end(session)

    def _end(self, session: Session) -> None:
        if expiry := self._expiries.pop(session, None):
            expiry.cancel()
        del self._sessions[session.guild_id, session.user_id]
        self.sfu.remove(session)
        if self._faults.script.strike(session.user_id, session.guild_id, Damage.SSRC_REUSED):
            self._freed_ssrcs[session.guild_id] = session.ssrc
        channel = self._channel(session)
        channel.leave(session)
        if not channel.sessions:
            channel.close()
            del self._channels[session.guild_id, session.channel_id]

    def opening(self) -> None:
        """Strike a fault at HELLO: a websocket was opened by one of the users who are expected."""
        away = (key for key, session in self._sessions.items() if session.websocket is None)
        for guild_id, user_id in [*self._allocations, *away]:
            self._faults.check(Step.HELLO, user_id, guild_id)

    def identify(self, websocket: Websocket, body: Body) -> Session:
        guild_id, user_id = body.integer("server_id"), body.integer("user_id")
        session_id, token = body.string("session_id"), body.string("token")
        dave_version = body.integer("max_dave_protocol_version", 0)
        allocation = self._allocations.get((guild_id, user_id))
        websocket.user_id, websocket.guild_id = user_id, guild_id
        try:
            self._faults.check(Step.IDENTIFY, user_id, guild_id)
        except (Close, Silence):
            self._allocations.pop((guild_id, user_id), None)
            raise
        if allocation is None or allocation.session_id != session_id:
            known = guild_id in self._guilds
            code = CloseCode.SESSION_INVALID if known else CloseCode.SERVER_NOT_FOUND
            raise Close(code, "session is not valid")
        if allocation.token != token:
            raise Close(CloseCode.AUTHENTICATION_FAILED, "wrong token")
        if (broken := self._faults.broken_regions.get(allocation.region)) is not None:
            raise Close(broken, "broken region")
        # A pair is good for one identify: a second one gets 4006 (eris PR 1448).
        del self._allocations[guild_id, user_id]
        if allocation.e2ee and dave_version < PROTOCOL_VERSION:
            raise Close(CloseCode.DAVE_REQUIRED, "E2EE/DAVE protocol required")
        session = self._begin(allocation)
        session.websocket = websocket
        host, port = self.sfu.address
        session.send(
            Op.READY,
            {
                "ssrc": session.ssrc,
                "ip": host,
                "port": port,
                "modes": self._modes(),
                "experiments": [],
                "streams": [],
            },
        )
        self._channel(session).join(session)
        self._on_event(session.event("voice_identified"))
        return session

    def resume(self, websocket: Websocket, body: Body) -> Session:
        """Attach a websocket to its session, and send op 9 and the missed messages.

        Raises Close (4006) if the session or some of the messages are gone.
        """
        proof = (body.integer("server_id"), body.string("session_id"), body.string("token"))
        session = next((s for s in self._sessions.values() if s.allocation.proof == proof), None)
        if session is None:
            raise Close(CloseCode.SESSION_INVALID, "session is not valid")
        websocket.user_id, websocket.guild_id = session.user_id, session.guild_id
        try:
            self._faults.check(Step.RESUME, session.user_id, session.guild_id)
        except Close as close:
            if close.code >= CloseCode.UNKNOWN_OPCODE:
                self._disconnect(session, close)
            raise
        seen = body.integer("seq_ack", -1)
        missed = session.replay.after(seen)
        if missed is None:
            raise Close(CloseCode.SESSION_INVALID, "missed messages are gone")
        if self._faults.script.strike(session.user_id, session.guild_id, Damage.REPLAY_OVERLAP):
            missed = [*session.replay.again(seen), *missed]
        session.close(Close(CloseCode.SESSION_TIMEOUT, "resumed elsewhere"))
        if expiry := self._expiries.pop(session, None):
            expiry.cancel()
        session.websocket = websocket
        websocket.send_unnumbered(Op.RESUMED, None)
        for frame in missed:
            websocket.send(frame)
        return session

    def _modes(self) -> list[str]:
        return [mode for mode in MODES if mode != AES_GCM or self._faults.offer_aes_gcm]

    def select_protocol(self, session: Session, body: Body) -> None:
        self._faults.check(Step.SELECT, session.user_id, session.guild_id)
        if body.string("protocol") != "udp":
            raise Close(CloseCode.UNKNOWN_PROTOCOL, "only udp")
        data = body.object("data")
        mode, address, port = data.string("mode"), data.string("address"), data.integer("port")
        if mode not in self._modes():
            raise Close(CloseCode.UNKNOWN_ENCRYPTION_MODE, "encryption mode not offered")
        if not 0 < port < 1 << 16:
            raise Close(CloseCode.UNDECODABLE_PAYLOAD, "port is no port")
        try:
            session.address = (str(ipaddress.IPv4Address(address)), port)
        except ValueError as error:
            raise Close(CloseCode.UNDECODABLE_PAYLOAD, "address is no IPv4 address") from error
        session.key = TransportKey.generate(mode)
        channel = self._channel(session)
        version = channel.group.version if session.allocation.e2ee else 0
        session.send(
            Op.SESSION_DESCRIPTION,
            {
                "mode": mode,
                "secret_key": list(session.key.secret),
                "audio_codec": "opus",
                "video_codec": "H264",
                "media_session_id": secrets.token_hex(16),
                "dave_protocol_version": version,
            },
        )
        self._on_event(session.event("dave_version", version=version))
        if session.allocation.e2ee and not session.in_group:
            channel.start_dave(session)

    def heartbeat(self, session: Session, acknowledged: int) -> None:
        session.replay.acknowledge(acknowledged)
        if session.key and not session.proven:
            session.proven = True
            self._faults.check(Step.HEARTBEAT, session.user_id, session.guild_id)

    def receive_json(self, session: Session, op: int, body: Body) -> None:
        channel = self._channel(session)
        if op == Op.SPEAKING:
            channel.speak(session, body.integer("speaking"))
        elif op == DaveOp.TRANSITION_READY:
            channel.receive_transition_ready(session, body.integer("transition_id"))
        else:
            channel.receive_invalid_commit(session)

    def receive_binary(self, session: Session, op: int, data: bytes) -> None:
        channel = self._channel(session)
        if op == DaveOp.KEY_PACKAGE:
            channel.receive_key_package(session, data)
        else:
            channel.receive_commit(session, data)

    def closing(self, websocket: Websocket, close: Close) -> None:
        """Publish that the server closes a websocket."""
        who = {"guild_id": websocket.guild_id, "user_id": websocket.user_id}
        self._on_event({"event": "voice_close", **who, "code": int(close.code), "reason": close.reason})

    def lost(self, websocket: Websocket, session: Session | None, code: int, *, by_us: bool) -> None:
        """Keep the session of a closed websocket for a resume, unless the code ended it."""
        if session is None or session.websocket is not websocket:
            return
        session.websocket = None
        if code in RESUMABLE if by_us else code not in FINAL:
            loop = asyncio.get_running_loop()
            self._expiries[session] = loop.call_later(RESUME_WINDOW_S, self._end, session)
            self._channel(session).severed(session)
        else:
            self._end(session)
