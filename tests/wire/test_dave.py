"""Our receiver in a group with an independent implementation (davey, in Rust), under a real MLS external sender."""

from collections import deque
from typing import Any

import pytest

from notetaker.discordsim.voice.group import DaveGroup as GatewayGroup
from notetaker.discordsim.voice.group import DaveOp, Send
from notetaker.discordsim.voice.mls import ExternalSender
from notetaker.wire.dave import MAX_RECOVERIES, MAX_USERS, DaveGroup, Outgoing
from notetaker.wire.opcodes import Op
from tests.discordsim.voice.members import DaveyMember
from tests.vectors.files import load

ME, CHANNEL = 77, 927310423890473011


class Call:
    """A channel with us in it and davey members; messages are delivered until all is quiet."""

    def __init__(self, *others: int, key_first: bool = True) -> None:
        self.sender = ExternalSender()
        self.gateway = GatewayGroup(CHANNEL, self.sender)
        self.us = DaveGroup(ME, CHANNEL)
        self.others: dict[int, DaveyMember] = {}
        self.sent: list[Op] = []
        self.lose: set[DaveOp] = set()
        self.damage: set[DaveOp] = set()
        self._queue: deque[Send] = deque()
        key = self.gateway.join(ME)  # opcode 25
        self._deliver(key if key_first else [])
        self._answer(self.us.session_description(1))
        self._deliver([] if key_first else key)
        for user_id in others:
            self.joins(user_id)

    def joins(self, user_id: int) -> None:
        self.us.user_connected([user_id])
        member = self.others[user_id] = DaveyMember(user_id, CHANNEL)
        self._deliver(self.gateway.join(user_id))
        for _, body in member.start():
            assert isinstance(body, bytes)
            self._deliver(self.gateway.receive_key_package(user_id, body))

    def leaves(self, user_id: int) -> None:
        del self.others[user_id]
        self.us.user_disconnected(user_id)
        self._deliver(self.gateway.leave(user_id))

    def starts_a_group_anew(self) -> None:
        """As on an upgrade: everybody is told by opcode 24, epoch 1, and the old group is forgotten."""
        self.gateway = GatewayGroup(CHANNEL, self.sender)
        for user_id in (ME, *self.others):
            self.gateway.join(user_id)  # they know the sender
        epoch: dict[str, int] = {"protocol_version": 1, "epoch": 1}
        self._deliver([Send(user_id, DaveOp.PREPARE_EPOCH, epoch) for user_id in (ME, *self.others)])

    def hear(self, user_id: int, frame: bytes = b"\xfcopus payload") -> bytes | None:
        return self.us.decrypt(user_id, self.others[user_id].encrypt(frame))

    def _deliver(self, sends: list[Send]) -> None:
        self._queue.extend(sends)
        for _ in range(1000):
            if self.us.recovery_due is not None and not self._queue:
                self._take(self.us.recover(0.0))
            if not self._queue:
                return
            send = self._queue.popleft()
            if send.user_id == ME:
                if send.op not in self.lose:
                    self._take(self._tell_us(send))
            elif send.user_id in self.others:
                known = [ME, *self.others]
                for op, body in self.others[send.user_id].receive(send.op, send.body, known):
                    self._queue.extend(self._to_gateway(send.user_id, op, body))
        raise AssertionError("they never stop talking")

    def _tell_us(self, send: Send) -> list[Outgoing]:
        body: Any = send.body
        if send.op in self.damage:
            self.damage.remove(send.op)
            body = body[:-1] + bytes([body[-1] ^ 1])
        match send.op:
            case DaveOp.EXTERNAL_SENDER:
                return self.us.external_sender(body)
            case DaveOp.PROPOSALS:
                return self.us.proposals(body)
            case DaveOp.ANNOUNCE_COMMIT:
                return self.us.announce_commit(int.from_bytes(body[:2]), body[2:])
            case DaveOp.WELCOME:
                return self.us.welcome(int.from_bytes(body[:2]), body[2:])
            case DaveOp.PREPARE_EPOCH:
                return self.us.prepare_epoch(body["protocol_version"], body["epoch"])
            case DaveOp.PREPARE_TRANSITION:
                return self.us.prepare_transition(body["transition_id"], body["protocol_version"])
            case DaveOp.EXECUTE_TRANSITION:
                return self.us.execute_transition(body["transition_id"])
        raise AssertionError(send.op)

    def _answer(self, outgoing: list[Outgoing]) -> None:
        self._take(outgoing)
        self._deliver([])

    def _take(self, outgoing: list[Outgoing]) -> None:
        for op, body in outgoing:
            self.sent.append(op)
            self._queue.extend(self._to_gateway(ME, op, body))

    def _to_gateway(self, user_id: int, op: int, body: Any) -> list[Send]:
        match op:
            case Op.MLS_KEY_PACKAGE:
                return self.gateway.receive_key_package(user_id, body)
            case Op.MLS_COMMIT_WELCOME:
                return self.gateway.receive_commit(user_id, body, 0.0)
            case Op.DAVE_TRANSITION_READY:
                return self.gateway.receive_transition_ready(user_id, body["transition_id"])
            case Op.MLS_INVALID_COMMIT_WELCOME:
                return self.gateway.receive_invalid_commit(user_id)
        raise AssertionError(op)


def test_we_hear_someone_who_joins_us() -> None:
    call = Call()
    assert call.sent == [Op.MLS_KEY_PACKAGE]
    call.joins(1)
    assert call.hear(1) == b"\xfcopus payload"
    assert call.us.version == 1


def test_everyone_is_heard_through_joins_and_leaves() -> None:
    call = Call(1, 2)
    assert call.hear(1) == call.hear(2) == b"\xfcopus payload"
    call.joins(3)
    assert [call.hear(user) for user in (1, 2, 3)] == [b"\xfcopus payload"] * 3
    call.leaves(2)
    assert [call.hear(user) for user in (1, 3)] == [b"\xfcopus payload"] * 2
    assert call.us.invalid_commits == 0


def test_a_frame_under_way_while_the_epoch_changes_is_still_heard() -> None:
    call = Call(1)
    under_way = call.others[1].encrypt(b"\xfcsaid before")
    call.joins(2)
    assert call.us.decrypt(1, under_way) == b"\xfcsaid before"


def test_a_frame_of_someone_who_has_just_left_is_still_heard() -> None:
    call = Call(1, 2)
    under_way = call.others[1].encrypt(b"\xfclast words")
    call.leaves(1)
    assert call.us.decrypt(1, under_way) == b"\xfclast words"


def test_a_frame_that_comes_before_its_commit_is_refused_until_the_commit_comes() -> None:
    call = Call(1)
    call.lose = {DaveOp.ANNOUNCE_COMMIT}
    generation = call.us.generation
    call.joins(2)
    ahead = call.others[1].encrypt(b"\xfcnew epoch")
    assert call.us.decrypt(1, ahead) is None
    assert call.us.has_key(1)
    assert call.us.generation == generation


def test_a_damaged_commit_is_reported_and_we_are_added_again() -> None:
    call = Call(1, 2)
    call.sent.clear()
    call.damage = {DaveOp.ANNOUNCE_COMMIT}
    call.joins(3)
    assert Op.MLS_INVALID_COMMIT_WELCOME in call.sent
    assert call.us.invalid_commits == 1
    assert [call.hear(user) for user in (1, 2, 3)] == [b"\xfcopus payload"] * 3


def test_while_we_recover_what_was_readable_stays_readable() -> None:
    call = Call(1)
    frame = call.others[1].encrypt(b"\xfcmeanwhile")
    assert call.us.recover(0.0)[0] == (Op.MLS_INVALID_COMMIT_WELCOME, {"transition_id": 1})
    assert call.us.decrypt(1, frame) == b"\xfcmeanwhile"


def test_the_last_one_to_stay_starts_a_new_group_with_the_next_one_to_come() -> None:
    call = Call(1)
    under_way = call.others[1].encrypt(b"\xfclast words")
    call.sent.clear()
    call.leaves(1)
    assert call.sent == [Op.MLS_KEY_PACKAGE]  # opcodes 24, epoch 1, and 21, transition 0: nothing is awaited
    assert call.us.decrypt(1, under_way) == b"\xfclast words"
    assert call.us.decrypt(1, b"\xfcplain") is None
    call.joins(2)
    assert call.hear(2) == b"\xfcopus payload"


def test_a_user_that_the_gateway_never_named_is_not_let_in() -> None:
    call = Call(1)
    commits = call.sent.count(Op.MLS_COMMIT_WELCOME)
    call.us.user_connected = lambda user_ids: None  # type: ignore[method-assign]
    call.joins(2)
    assert call.sent.count(Op.MLS_COMMIT_WELCOME) == commits


def test_recovering_from_the_same_fault_over_and_over_comes_to_an_end() -> None:
    call = Call(1, 2)
    call.lose = {DaveOp.WELCOME, DaveOp.ANNOUNCE_COMMIT}
    for n in range(MAX_RECOVERIES + 1):
        call._answer(call.us.welcome(n, b"broken"))
    assert call.sent.count(Op.MLS_INVALID_COMMIT_WELCOME) == call.us.recoveries == MAX_RECOVERIES
    assert call.us.invalid_commits == MAX_RECOVERIES + 1
    assert call.us.beyond_recovery


def test_what_follows_a_failure_costs_no_recovery_of_its_own() -> None:
    call = Call(1, 2)
    for n in range(10):
        assert call.us.announce_commit(n, b"broken") == []
    assert (call.us.recovery_due is not None, call.us.beyond_recovery) == (True, False)
    call._deliver([])
    assert call.us.recoveries == 1
    assert call.hear(1) == b"\xfcopus payload"


def test_who_is_said_to_have_left_is_let_in_all_the_same() -> None:
    call = Call(1)
    call.us.user_connected([2])
    call.us.user_disconnected(2)  # opcode 13 of an earlier stay, late
    member = call.others[2] = DaveyMember(2, CHANNEL)
    call._deliver(call.gateway.join(2))
    for _, body in member.start():
        assert isinstance(body, bytes)
        call._deliver(call.gateway.receive_key_package(2, body))
    assert call.us.invalid_commits == 0
    assert [call.hear(user) for user in (1, 2)] == [b"\xfcopus payload"] * 2


def test_we_are_let_in_beside_somebody_who_is_said_to_have_left() -> None:
    call = Call(1, 2)
    call.us.user_disconnected(1)
    call._answer(call.us.recover(0.0))
    assert call.us.invalid_commits == 0
    assert [call.hear(user) for user in (1, 2)] == [b"\xfcopus payload"] * 2


def test_those_who_left_are_forgotten_before_there_are_too_many() -> None:
    group = DaveGroup(ME, CHANNEL)
    for user_id in range(1000, 1000 + 3 * MAX_USERS):
        group.user_connected([user_id])
        group.user_disconnected(user_id)
    group.user_connected(range(1, MAX_USERS))


def test_a_key_tells_whose_frame_it_is_and_the_try_leaves_no_trace() -> None:
    call = Call(1, 2)
    frame = call.others[1].encrypt(b"\xfcwhose")
    before = call.us.decrypted()
    assert [user for user in sorted(call.us.keyed) if call.us.opens(user, frame)] == [1]
    assert not call.us.opens(1234, frame)
    assert call.us.decrypted() == before
    assert call.us.decrypt(1, frame) == b"\xfcwhose"


def test_silence_that_the_server_injects_passes_and_other_plain_frames_do_not() -> None:
    call = Call(1)
    assert call.us.decrypt(1, b"\xf8\xff\xfe") == b"\xf8\xff\xfe"
    assert call.us.decrypt(1, b"\xfcplain opus, not encrypted") is None


def test_without_dave_frames_are_what_they_are() -> None:
    group = DaveGroup(ME, CHANNEL)
    assert group.session_description(0) == []
    assert group.decrypt(1, b"\xfcplain") == b"\xfcplain"


def test_a_downgrade_lets_plain_frames_pass_and_an_upgrade_ends_that() -> None:
    call = Call(1)
    assert call.us.prepare_transition(7, 0) == [(Op.DAVE_TRANSITION_READY, {"transition_id": 7})]
    sealed = call.others[1].encrypt(b"\xfcstill sealed")
    assert call.us.decrypt(1, b"\xfcplain") == b"\xfcplain"
    assert call.us.decrypt(1, sealed) == b"\xfcstill sealed"
    call.us.execute_transition(7)
    assert call.us.version == 0
    assert call.us.decrypt(99, b"\xfcfrom a newcomer") == b"\xfcfrom a newcomer"
    package = call.us.prepare_epoch(1, 1)
    assert [op for op, _ in package] == [Op.MLS_KEY_PACKAGE]
    assert call.us.decrypt(1, b"\xfcplain until executed") == b"\xfcplain until executed"


def test_an_upgrade_ends_plain_frames_also_of_those_who_had_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notetaker.wire.dave.KEY_EXPIRY_S", 0.0)
    call = Call(1, 2)
    for transition_id, version in ((7, 0), (8, 1)):
        call.us.prepare_transition(transition_id, version)
        call.us.execute_transition(transition_id)
        call.us.user_disconnected(2)
    call.us.user_connected([2])
    assert call.us.decrypt(1, b"\xfcplain") is None
    assert call.us.decrypt(2, b"\xfcplain") is None


def test_an_upgrade_creates_a_group_and_everyone_is_heard_all_the_time() -> None:
    call = Call(1, 2)
    call.us.prepare_transition(7, 0)
    call.us.execute_transition(7)
    plain = b"\xfcplain"
    assert call.us.decrypt(1, plain) == plain
    call.starts_a_group_anew()
    assert call.us.version == 1
    assert [call.hear(user) for user in (1, 2)] == [b"\xfcopus payload"] * 2
    assert call.us.decrypt(1, plain) == plain  # under way while the transition was executed
    assert call.us.invalid_commits == 0


@pytest.mark.parametrize("key_first", [True, False])
def test_the_voice_servers_key_may_come_before_or_after_the_description(key_first: bool) -> None:
    call = Call(1, key_first=key_first)
    assert call.hear(1) == b"\xfcopus payload"


@pytest.mark.parametrize("known", [True, False])
def test_an_unknown_or_repeated_transition_is_nothing_to_a_receiver(known: bool) -> None:
    call = Call(1)
    if known:
        call.us.prepare_transition(17, 1)
        call.us.execute_transition(17)
    assert call.us.execute_transition(17) == []
    assert call.us.version == 1
    assert call.hear(1) == b"\xfcopus payload"


def test_proposals_of_another_implementations_test_data_are_committed() -> None:
    vectors = {vector["id"]: vector for vector in load("dave_mls_messages.json")["vectors"]}
    group = DaveGroup(ME, vectors["proposals append, one add"]["channel_id"])
    group.external_sender(bytes.fromhex(vectors["external sender"]["body"]))  # op 25 may come before op 4
    group.session_description(1)
    group.user_connected([vectors["proposals append, one add"]["user_id"]])
    (answer,) = group.proposals(bytes.fromhex(vectors["proposals append, one add"]["body"]))
    assert answer[0] is Op.MLS_COMMIT_WELCOME


@pytest.mark.parametrize(
    "vector", load("dave_frames.json")["hostile"]["cases"], ids=lambda vector: vector["id"]
)
def test_hostile_frames_are_refused(vector: dict[str, str]) -> None:
    call = Call(1)
    assert call.us.decrypt(1, bytes.fromhex(vector["frame"])) is None


def test_every_truncation_of_every_known_message_is_survived() -> None:
    for vector in load("dave_mls_messages.json")["vectors"]:
        body = bytes.fromhex(vector["body"])
        for length in range(1, len(body), 7):
            group = DaveGroup(ME, CHANNEL)
            group.session_description(1)
            match vector["opcode"]:
                case 25:
                    group.external_sender(body[:length])
                case 27:
                    group.proposals(body[:length])
                case 28:
                    group.announce_commit(1, body[:length])
                case 30:
                    group.welcome(1, body[:length])
