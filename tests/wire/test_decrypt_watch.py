"""A session that can no longer decrypt, in a group with an independent implementation (davey)."""

import json
from collections import deque

import pytest

from notetaker.discordsim.voice.group import DaveGroup as GatewayGroup
from notetaker.discordsim.voice.group import DaveOp, Send
from notetaker.discordsim.voice.mls import ExternalSender
from notetaker.model.failure import Failure, Step
from notetaker.wire.commands import Reconnect, SendBinary, SendText
from notetaker.wire.dave import MAX_RECOVERIES
from notetaker.wire.decrypt_watch import CHANCE_S, FRAMES, GRACE_S, PAUSE_S
from notetaker.wire.events import Ended
from notetaker.wire.losses import FRAME_S
from notetaker.wire.opcodes import Op
from tests.discordsim.voice.members import DaveyMember
from tests.wire.conversation import CHANNEL, ME, READY, Conversation, described, discovery_answer
from tests.wire.packets import sealed

ADA, BEN, CARL = 1, 2, 3
JSON_OPS = (DaveOp.PREPARE_EPOCH, DaveOp.PREPARE_TRANSITION, DaveOp.EXECUTE_TRANSITION)


class SecretCall:
    """A session and davey members; the gateway answers at once, time passes while somebody speaks."""

    def __init__(self, *user_ids: int) -> None:
        self.talk = Conversation()
        self.gateway = GatewayGroup(CHANNEL, ExternalSender())
        self.members: dict[int, DaveyMember] = {}
        self.lose: set[DaveOp] = set()
        self.acknowledges = True
        self.said: list[tuple[int, object]] = []
        """What we have said: opcode, and the JSON ``d`` or the body."""
        self.ended: Failure | None = None
        self.heard: list[bytes] = []
        self._queue: deque[Send] = deque()
        self._packets = 0
        self._handshake()
        for user_id in user_ids:
            self.joins(user_id)
        self.speaks(*user_ids, packets=1, every=GRACE_S)
        self.said.clear()

    def _handshake(self) -> None:
        talk = self.talk
        talk.opens()
        talk.hears(Op.HELLO, {"heartbeat_interval": 13750})
        talk.hears(Op.READY, READY)
        talk.session.receive_datagram(discovery_answer(), talk.now)
        talk.forget()
        talk.hears(Op.SESSION_DESCRIPTION, described(dave=1))
        self._deliver(self.gateway.join(ME))  # op 25 after op 4
        talk.passes(0.05)
        self._deliver([])
        assert talk.session.step is Step.ESTABLISHED

    @property
    def recoveries(self) -> int:
        return [op for op, _ in self.said].count(Op.MLS_INVALID_COMMIT_WELCOME)

    def joins(self, user_id: int) -> None:
        self.talk.hears(Op.CLIENTS_CONNECT, {"user_ids": [str(user_id)]})
        self.talk.hears(Op.SPEAKING, {"user_id": str(user_id), "ssrc": user_id, "speaking": 1})
        member = self.members[user_id] = DaveyMember(user_id, CHANNEL)
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
            case Op.DAVE_TRANSITION_READY, {"transition_id": int(transition_id)}:
                return self.gateway.receive_transition_ready(user_id, transition_id)
            case Op.MLS_INVALID_COMMIT_WELCOME, _:
                return self.gateway.remove(user_id)
        return []


def test_after_a_commit_that_never_came_everyone_is_heard_again() -> None:
    call = SecretCall(ADA, BEN)
    before = len(call.heard)
    call.loses_a_commit()
    call.speaks(ADA, packets=FRAMES - 1)
    assert (call.recoveries, len(call.heard)) == (0, before)
    call.speaks(ADA, BEN, packets=5)
    assert call.recoveries == 1
    call.passes(GRACE_S)
    call.speaks(ADA, BEN, packets=50)
    assert call.recoveries == 1
    assert call.talk.session.dave.recoveries == call.talk.session.dave.undecryptable_runs == 1
    assert call.talk.session.step is Step.ESTABLISHED
    # What was sealed with the keys of the epoch that we were not in stays closed; everything later is heard.
    assert call.heard[-100:] == [b"\xfcpacket %d" % n for n in range(call._packets - 99, call._packets + 1)]


def test_recovering_names_the_last_transition_also_when_that_is_zero() -> None:
    call = SecretCall(ADA)
    call.talk.hears(Op.DAVE_PREPARE_TRANSITION, {"transition_id": 0, "protocol_version": 1})
    call.speaks(ADA, packets=FRAMES + 2, broken=True)
    asked = [body for op, body in call.said if op == Op.MLS_INVALID_COMMIT_WELCOME]
    assert asked == [{"transition_id": 0}]
    assert [op for op, _ in call.said if op in (Op.MLS_INVALID_COMMIT_WELCOME, Op.MLS_KEY_PACKAGE)] == [
        31,
        26,
    ]


def test_nothing_is_decided_before_the_websocket_has_proved_that_nothing_is_under_way() -> None:
    call = SecretCall(ADA)
    call.acknowledges = False
    call.speaks(ADA, packets=3 * FRAMES, broken=True)
    assert call.recoveries == 0
    (beat,) = [body for op, body in call.said if op == Op.HEARTBEAT]
    assert isinstance(beat, dict)
    call.talk.hears(Op.HEARTBEAT_ACK, {"t": beat["t"]})
    call.speaks(ADA, packets=1, broken=True)
    assert call.recoveries == 1


def test_when_a_recovery_does_not_help_the_session_ends_and_says_why() -> None:
    call = SecretCall(ADA)
    call.speaks(ADA, packets=FRAMES + 2, broken=True)
    assert call.recoveries == 1
    call.passes(GRACE_S)
    call.speaks(ADA, packets=FRAMES - 1, broken=True)
    assert call.talk.session.step is Step.ESTABLISHED
    call.speaks(ADA, packets=5, broken=True)
    assert call.ended == Failure(
        Step.ESTABLISHED,
        detail=(
            "The voices could no longer be decrypted, not even after rejoining the end-to-end encrypted group."
        ),
    )
    assert call.recoveries == 1


def test_a_recovery_that_nobody_answers_has_its_chance() -> None:
    call = SecretCall(ADA)
    call.lose = {*DaveOp}
    call.speaks(ADA, packets=FRAMES + 2, broken=True)
    asked_at = call.talk.now
    while call.ended is None:
        call.speaks(ADA, packets=1, broken=True)
    assert CHANCE_S < call.talk.now - asked_at < CHANCE_S + (FRAMES + 5) * FRAME_S


def test_one_broken_client_costs_one_recovery_a_minute_while_others_are_heard() -> None:
    call = SecretCall(ADA, BEN)
    minutes = 3
    for _ in range(round(minutes * PAUSE_S / FRAME_S / 10)):
        call.speaks(ADA, packets=10, broken=True)
        call.speaks(BEN, packets=1, every=0.001)
    assert call.ended is None
    assert minutes <= call.recoveries <= minutes + 1
    heartbeats = [op for op, _ in call.said].count(Op.HEARTBEAT)
    assert heartbeats < minutes * (PAUSE_S / 5 + 3)


def test_a_frame_that_is_decrypted_begins_that_speakers_count_anew() -> None:
    call = SecretCall(ADA, BEN)
    for _ in range(4):
        call.speaks(ADA, packets=FRAMES - 1, broken=True)
        call.speaks(ADA, packets=1)
    assert call.recoveries == 0
    call.speaks(ADA, packets=FRAMES - 1, broken=True)
    call.speaks(BEN, packets=1)
    call.speaks(ADA, packets=5, broken=True)
    assert call.recoveries == 1


def test_silence_that_the_server_injects_is_no_sign_of_hearing() -> None:
    call = SecretCall(ADA)
    for n in range(2 * FRAMES):
        call.speaks(ADA, packets=1, broken=True)
        silence = sealed(b"\xf8\xff\xfe", sequence=40_000 + n, nonce=n, ssrc=ADA)
        call.talk.session.receive_datagram(silence, call.talk.now)
    assert call.recoveries == 1


def test_right_after_new_keys_nothing_counts() -> None:
    call = SecretCall(ADA)
    call.joins(BEN)
    call.speaks(ADA, packets=round(GRACE_S / FRAME_S) - 1, broken=True)
    call.passes(GRACE_S)
    assert call.talk.session.dave.undecryptable_runs == 0
    call.speaks(ADA, packets=FRAMES + 2, broken=True)
    assert call.talk.session.dave.undecryptable_runs == call.recoveries == 1


def test_while_a_resume_is_under_way_nothing_counts() -> None:
    call = SecretCall(ADA)
    call.speaks(ADA, packets=FRAMES - 1, broken=True)
    call.talk.session.websocket_closed(None, call.talk.now)
    call.talk.does(Reconnect)
    call.speaks(ADA, packets=2 * FRAMES, broken=True)
    call.talk.opens()
    call.talk.hears(Op.HELLO, {"heartbeat_interval": 13750})
    call.talk.hears(Op.RESUMED, None)
    call.speaks(ADA, packets=round(GRACE_S / FRAME_S) - 1, broken=True)
    assert call.talk.session.dave.undecryptable_runs == call.recoveries == 0
    call.speaks(ADA, packets=FRAMES + 5, broken=True)
    assert call.recoveries == 1


def test_frames_without_a_key_wait_and_are_no_sign_of_deafness() -> None:
    call = SecretCall(ADA)
    call.talk.hears(Op.SPEAKING, {"user_id": str(BEN), "ssrc": BEN, "speaking": 1})
    call.speaks(BEN, packets=3 * FRAMES, broken=True)
    assert call.recoveries == call.talk.session.dave.undecryptable_runs == 0


@pytest.mark.parametrize("up", [True, False])
def test_a_group_that_cannot_be_joined_ends_the_session(up: bool) -> None:
    call = SecretCall()
    talk = call.talk
    if not up:
        talk.hears(Op.CLIENTS_CONNECT, {"user_ids": [str(ADA)]})  # who does not let us in
        talk.session.step = Step.GROUP
    for n in range(MAX_RECOVERIES):
        talk.hears_binary(Op.MLS_WELCOME, n.to_bytes(2, "big") + b"broken")
        call.passes(FRAME_S)
    assert (call.recoveries, call.ended) == (MAX_RECOVERIES, None)
    talk.hears_binary(Op.MLS_WELCOME, b"\0\0broken")
    call.passes(FRAME_S)
    assert call.recoveries == MAX_RECOVERIES
    assert call.ended == Failure(
        Step.ESTABLISHED if up else Step.GROUP,
        detail="Joining the end-to-end encrypted group failed 6 times in a row.",
    )
