"""A session in a group with an independent implementation (davey), and a gateway that answers at once."""

import json
import math
from collections import deque
from collections.abc import Callable

from notetaker.discordsim.voice.group import DaveGroup as GatewayGroup
from notetaker.discordsim.voice.group import DaveOp, Send
from notetaker.discordsim.voice.mls import ExternalSender
from notetaker.model.failure import Failure, Step
from notetaker.wire.commands import SendBinary, SendText
from notetaker.wire.decrypt_watch import GRACE_S
from notetaker.wire.events import Ended
from notetaker.wire.handshake import OTHERS_S
from notetaker.wire.losses import FRAME_S
from notetaker.wire.opcodes import Op
from notetaker.wire.patience import Patience
from tests.discordsim.voice.members import DaveyMember, LibdaveMember, Member
from tests.wire.conversation import CHANNEL, ME, READY, Conversation, described, discovery_answer
from tests.wire.packets import sealed

ADA, BEN, CARL = 1, 2, 3


class SecretCall:
    """A session and davey members; the gateway answers at once, time passes while somebody speaks."""

    def __init__(
        self,
        *user_ids: int,
        already: tuple[int, ...] = (),
        unready: tuple[int, ...] = (),
        patience: Patience | None = None,
    ) -> None:
        """``already`` are those who are there with libdave and a group of their own; ``user_ids`` come after us.

        ``unready``: who of them never answers that it is ready for a transition.
        """
        self.talk = Conversation(patience)
        self.gateway = GatewayGroup(CHANNEL, ExternalSender())
        self.members: dict[int, Member] = {}
        self.lose: set[DaveOp] = set()
        self.unready: tuple[int, ...] = ()
        self.acknowledges = True
        self.said: list[tuple[int, object]] = []
        """What we have said: opcode, and the JSON ``d`` or the body."""
        self.ended: Failure | None = None
        self.heard: list[bytes] = []
        self._queue: deque[Send] = deque()
        self._packets = 0
        self._handshake(already, unready)
        for user_id in user_ids:
            self.joins(user_id)
        self.speaks(*user_ids, packets=1, every=GRACE_S)
        self.said.clear()

    def _handshake(self, already: tuple[int, ...], unready: tuple[int, ...]) -> None:
        talk = self.talk
        talk.opens()
        talk.hears(Op.HELLO, {"heartbeat_interval": 13750})
        talk.hears(Op.READY, READY)
        for user_id in already:
            self.joins(user_id, LibdaveMember)
        self.unready = unready
        talk.session.receive_datagram(discovery_answer(), talk.now)
        talk.forget()
        talk.hears(Op.SESSION_DESCRIPTION, described(dave=1))
        self._deliver(self.gateway.join(ME))  # op 25 after op 4
        talk.passes(0.05)
        self._deliver([])
        self.passes(0.0 if already else OTHERS_S + FRAME_S)
        assert talk.session.step is (Step.GROUP if unready else Step.ESTABLISHED)

    @property
    def recoveries(self) -> int:
        return [op for op, _ in self.said].count(Op.MLS_INVALID_COMMIT_WELCOME)

    def joins(
        self, user_id: int, kind: Callable[[int, int], Member] = DaveyMember, *, named: bool = True
    ) -> None:
        self.talk.hears(Op.CLIENTS_CONNECT, {"user_ids": [str(user_id)]})
        if named:
            self.talk.hears(Op.SPEAKING, {"user_id": str(user_id), "ssrc": user_id, "speaking": 1})
        member = self.members[user_id] = kind(user_id, CHANNEL)
        self._deliver(self.gateway.join(user_id))
        for _, body in member.start():
            assert isinstance(body, bytes)
            self._deliver(self.gateway.receive_key_package(user_id, body))

    def speaks(self, *user_ids: int, packets: int, broken: bool = False, every: float = FRAME_S) -> None:
        """In turns; ``broken``: what they send is not encrypted, though it should be."""
        for _ in range(packets):
            for user_id in user_ids:
                self._packets += 1
                opus = b"\xfcpacket %d" % self._packets
                frame = opus if broken else self.members[user_id].encrypt(opus)
                data = sealed(frame, sequence=self._packets, nonce=self._packets, ssrc=user_id)
                self.talk.session.receive_datagram(data, self.talk.now)
                self._deliver([])
            self.passes(every)

    def passes(self, seconds: float) -> None:
        """In small steps, so that heartbeats are answered when they are sent."""
        end = self.talk.now + seconds
        while self.talk.now < end - 1e-9:
            self.talk.passes(min(FRAME_S, end - self.talk.now))
            self._deliver([])

    def waited_long_enough(self) -> None:
        """The gateway executes what not everybody is ready for."""
        self._deliver(self.gateway.handle_timeout(math.inf))

    def loses_a_commit(self) -> None:
        """Somebody joins and we do not hear of the new keys."""
        self.lose = {DaveOp.ANNOUNCE_COMMIT}
        self.joins(CARL)
        self.lose = set()
        self.passes(GRACE_S)

    def _deliver(self, sends: list[Send]) -> None:
        self._queue.extend(sends)
        self._take()
        while self._queue:
            send = self._queue.popleft()
            if send.user_id != ME:
                for op, body in self.members[send.user_id].receive(send.op, send.body, [ME, *self.members]):
                    self._queue.extend(self._to_gateway(send.user_id, op, body))
            elif send.op not in self.lose:
                if isinstance(send.body, bytes):
                    self.talk.hears_binary(send.op, send.body)
                else:
                    self.talk.hears(send.op, send.body)
                self._take()

    def _take(self) -> None:
        self.heard += [frame.opus for frame in self.talk.frames()]
        for command in self.talk.forget():
            match command:
                case SendText(text):
                    message = json.loads(text)
                    self._hear(message["op"], message["d"])
                case SendBinary(data):
                    self._hear(data[0], data[1:])
                case Ended(failure):
                    self.ended = failure

    def _hear(self, op: int, body: object) -> None:
        self.said.append((op, body))
        if op == Op.HEARTBEAT and self.acknowledges:
            assert isinstance(body, dict)
            self.talk.hears(Op.HEARTBEAT_ACK, {"t": body["t"]})
        self._queue.extend(self._to_gateway(ME, op, body))

    def _to_gateway(self, user_id: int, op: int, body: object) -> list[Send]:
        match op, body:
            case Op.MLS_KEY_PACKAGE, bytes(package):
                return self.gateway.receive_key_package(user_id, package)
            case Op.MLS_COMMIT_WELCOME, bytes(commit):
                return self.gateway.receive_commit(user_id, commit, self.talk.now)
            case Op.DAVE_TRANSITION_READY, _ if user_id in self.unready:
                return []
            case Op.DAVE_TRANSITION_READY, {"transition_id": int(transition_id)}:
                return self.gateway.receive_transition_ready(user_id, transition_id)
            case Op.MLS_INVALID_COMMIT_WELCOME, _:
                return self.gateway.receive_invalid_commit(user_id)
        return []
