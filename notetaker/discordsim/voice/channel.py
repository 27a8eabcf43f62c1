"""One voice channel: its members, what they learn about each other, and the DAVE group they form."""

import asyncio
from collections.abc import Callable, Iterable

from notetaker.discordsim.voice.faults import Damage
from notetaker.discordsim.voice.group import DaveGroup, DaveOp, Send
from notetaker.discordsim.voice.mls import ExternalSender
from notetaker.discordsim.voice.protocol import Op
from notetaker.discordsim.voice.script import Script
from notetaker.discordsim.voice.session import Event, Session

EventSink = Callable[[Event], None]

DAMAGES = {DaveOp.ANNOUNCE_COMMIT: Damage.COMMIT, DaveOp.WELCOME: Damage.WELCOME}

SPEAKING_FAULTS = Damage.SPEAKING_LOST, Damage.SPEAKING_LATE, Damage.SPEAKING_AS_VIDEO


class Channel:
    def __init__(
        self,
        guild_id: int,
        channel_id: int,
        external_sender: ExternalSender,
        on_event: EventSink,
        script: Script,
    ) -> None:
        self.guild_id = guild_id
        self.channel_id = channel_id
        self.sessions: dict[int, Session] = {}
        self.group = DaveGroup(channel_id, external_sender)
        self._on_event = on_event
        self._script = script
        self._timer: asyncio.TimerHandle | None = None

    def others(self, session: Session) -> list[Session]:
        return [other for other in self.sessions.values() if other is not session]

    def join(self, session: Session) -> None:
        """Announce a session and the others to each other, after its op 2, as seen live (Discord.Net#3251)."""
        others = self.others(session)
        self.sessions[session.user_id] = session
        if others:
            _announce(session, others)
        for other in others:
            if other.speaking is not None:
                self._tell_speaking(session, other)
            _announce(other, [session])

    def start_dave(self, session: Session) -> None:
        """Take a session into the DAVE group, after its op 4."""
        session.in_group = True
        self._deliver(self.group.join(session.user_id))

    def leave(self, session: Session) -> None:
        del self.sessions[session.user_id]
        late = self._script.strike(session.user_id, self.guild_id, Damage.LEFT_LATE)
        if late is None or late.seconds is None:
            self._tell_left(session.user_id)
        else:
            asyncio.get_running_loop().call_later(late.seconds, self._tell_left, session.user_id)
        if session.in_group:
            session.in_group = False
            self._deliver(self.group.leave(session.user_id))

    def speak(self, session: Session, mask: int) -> None:
        """Relay op 5 to the others, with the SSRC that the server gave the speaker."""
        session.speaking = mask
        for other in self.others(session):
            self._tell_speaking(other, session)
        self._on_event(session.event("speaking", speaking=bool(mask)))

    def _tell_speaking(self, to: Session, speaker: Session) -> None:
        """Send op 5, unless a fault says otherwise."""
        fault = self._script.strike(to.user_id, self.guild_id, *SPEAKING_FAULTS)
        if fault is not None and fault.seconds is not None:
            asyncio.get_running_loop().call_later(fault.seconds, self._tell_late, to, speaker)
            return
        if fault is None:
            to.send(Op.SPEAKING, _speaking(speaker))
        elif fault.kind == Damage.SPEAKING_AS_VIDEO:
            video = {"audio_ssrc": speaker.ssrc, "video_ssrc": 0, "rtx_ssrc": 0, "streams": []}
            to.send(Op.VIDEO, {"user_id": str(speaker.user_id), **video})

    def _tell_late(self, to: Session, speaker: Session) -> None:
        if self.sessions.get(speaker.user_id) is speaker:
            to.send(Op.SPEAKING, _speaking(speaker))

    def _tell_left(self, user_id: int) -> None:
        """Send op 13 to all but the user, who may be back by now."""
        for other in self.sessions.values():
            if other.user_id != user_id:
                other.send(Op.CLIENT_DISCONNECT, {"user_id": str(user_id)})

    def receive_key_package(self, session: Session, data: bytes) -> None:
        if session.in_group and not self._strikes(session, Damage.KEY_PACKAGE):
            self._deliver(self.group.receive_key_package(session.user_id, data))

    def receive_commit(self, session: Session, data: bytes) -> None:
        if session.in_group:
            now = asyncio.get_running_loop().time()
            self._deliver(self.group.receive_commit(session.user_id, data, now))

    def receive_transition_ready(self, session: Session, transition_id: int) -> None:
        if session.in_group and not self._strikes(session, Damage.READY):
            self._deliver(self.group.receive_transition_ready(session.user_id, transition_id))

    def receive_invalid_commit(self, session: Session) -> None:
        if session.in_group:
            self._deliver(self.group.receive_invalid_commit(session.user_id))

    def severed(self, session: Session) -> None:
        """Note that a websocket broke whose session may be resumed. Only by a fault that costs it the group.

        The whitepaper takes it for a leave ("Member Remove"); whether Discord does is not known.
        """
        if session.in_group and self._strikes(session, Damage.SEVERED):
            self._deliver(self.group.sever(session.user_id))

    def downgrade(self) -> None:
        """Stop using DAVE, as when a client without it joins."""
        self._deliver(self.group.downgrade(asyncio.get_running_loop().time()))

    def upgrade(self) -> None:
        """Use DAVE again, in a new group."""
        self._deliver(self.group.upgrade())

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _deliver(self, sends: Iterable[Send]) -> None:
        announced = False
        for send in sends:
            self.sessions[send.user_id].send(send.op, self._damaged(send))
            announced = announced or send.op == DaveOp.ANNOUNCE_COMMIT
        if announced:
            group = {"epoch": self.group.epoch, "members": self.group.members}
            place = {"guild_id": self.guild_id, "channel_id": self.channel_id}
            self._on_event({"event": "dave_epoch", **place, **group})
        self._arm()

    def _damaged(self, send: Send) -> bytes | dict[str, int]:
        """Return the body, with its last byte changed if a fault says so. The transition id stays intact."""
        kind = DAMAGES.get(send.op)
        if kind is None or not self._strikes(self.sessions[send.user_id], kind):
            return send.body
        assert isinstance(send.body, bytes)
        return send.body[:-1] + bytes([send.body[-1] ^ 0xFF])

    def _strikes(self, session: Session, kind: Damage) -> bool:
        return self._script.strike(session.user_id, session.guild_id, kind) is not None

    def _arm(self) -> None:
        if self._timer:
            self._timer.cancel()
        deadline = self.group.deadline
        self._timer = (
            None
            if deadline is None
            else asyncio.get_running_loop().call_at(deadline, self._handle_timeout, deadline)
        )

    def _handle_timeout(self, deadline: float) -> None:
        self._deliver(self.group.handle_timeout(deadline))


def _speaking(speaker: Session) -> dict[str, str | int | None]:
    return {"user_id": str(speaker.user_id), "ssrc": speaker.ssrc, "speaking": speaker.speaking}


def _announce(to: Session, users: list[Session]) -> None:
    to.send(Op.CLIENTS_CONNECT, {"user_ids": [str(user.user_id) for user in users]})
    for user in users:
        to.send(Op.CLIENT_FLAGS, {"user_id": str(user.user_id), "flags": 0})
        to.send(Op.CLIENT_PLATFORM, {"user_id": str(user.user_id), "platform": 0})
