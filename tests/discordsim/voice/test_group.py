"""The DAVE group against real clients of both public implementations, without sockets."""

import itertools
import random
from collections import deque
from collections.abc import Callable, Iterable

import pytest

from notetaker.discordsim.voice.group import DaveGroup, Send
from notetaker.discordsim.voice.mls import ExternalSender
from tests.discordsim.voice.members import DaveyMember, LibdaveMember, Member

CHANNEL = 81384788765712384
FRAME = b"\xfc" + bytes(range(80))

MIXES = [kinds for size in (2, 3, 4) for kinds in itertools.product("dl", repeat=size)]


class Meeting:
    """A group and its clients, with one queue for each direction: nothing is delivered before ``run``."""

    def __init__(self) -> None:
        self.group = DaveGroup(CHANNEL, ExternalSender())
        self.members: dict[int, Member] = {}
        self.announced: set[int] = set()
        self.now = 100.0
        self.to_clients: deque[Send] = deque()
        self.to_server: deque[tuple[int, int, bytes | dict[str, int]]] = deque()
        self.log: list[tuple[int, int]] = []

    def join(self, user_id: int, kind: str) -> Member:
        member: Member = (DaveyMember if kind == "d" else LibdaveMember)(user_id, CHANNEL)
        self.members[user_id] = member
        self.announced.add(user_id)
        self.to_clients += self.group.join(user_id)
        self.to_server += [(user_id, *reply) for reply in member.start()]
        return member

    def leave(self, user_id: int) -> None:
        del self.members[user_id]
        self.to_server = deque(message for message in self.to_server if message[0] != user_id)
        self.to_clients = deque(send for send in self.to_clients if send.user_id != user_id)
        self.to_clients += self.group.leave(user_id)

    def run(self, lose: Callable[[int, int], bool] = lambda user, op: False) -> None:
        """Deliver messages until there are none, except those of clients for which ``lose(user, op)`` is true."""
        while self.to_clients or self.to_server:
            while self.to_clients:
                send = self.to_clients.popleft()
                self.log.append((send.user_id, send.op))
                replies = self.members[send.user_id].receive(send.op, send.body, self.announced)
                self.to_server += [(send.user_id, *reply) for reply in replies]
            if self.to_server:
                user_id, op, body = self.to_server.popleft()
                if not lose(user_id, op):
                    self.to_clients += self.serve(user_id, op, body)

    def serve(self, user_id: int, op: int, body: bytes | dict[str, int]) -> list[Send]:
        if isinstance(body, bytes):
            if op == 26:
                return self.group.receive_key_package(user_id, body)
            return self.group.receive_commit(user_id, body, self.now)
        if op == 23:
            return self.group.receive_transition_ready(user_id, body["transition_id"])
        return self.group.receive_invalid_commit(user_id)

    def ops(self, user_id: int) -> list[int]:
        return [op for user, op in self.log if user == user_id]

    def everyone_hears_everyone(self, only: Iterable[int] = ()) -> None:
        for speaker, hearer in itertools.permutations(only or self.members, 2):
            sealed = self.members[speaker].encrypt(FRAME)
            assert sealed != FRAME
            assert self.members[hearer].decrypt(speaker, sealed) == FRAME, f"{hearer} did not hear {speaker}"


@pytest.mark.parametrize("kinds", MIXES, ids="".join)
def test_members_who_join_one_by_one_hear_each_other(kinds: tuple[str, ...]) -> None:
    meeting = Meeting()
    for user_id, kind in enumerate(kinds, 1):
        meeting.join(user_id, kind)
        meeting.run()
    assert meeting.group.members == list(range(1, len(kinds) + 1))
    assert meeting.group.epoch == len(kinds) - 1
    meeting.everyone_hears_everyone()


@pytest.mark.parametrize("kinds", MIXES, ids="".join)
def test_members_who_join_at_the_same_moment_hear_each_other(kinds: tuple[str, ...]) -> None:
    meeting = Meeting()
    for user_id, kind in enumerate(kinds, 1):
        meeting.join(user_id, kind)
    meeting.run()
    assert sorted(meeting.group.members) == list(range(1, len(kinds) + 1))
    meeting.everyone_hears_everyone()


@pytest.mark.parametrize("kinds", ["dd", "dl", "ld", "ll"])
def test_two_who_join_an_established_group_at_once_are_both_welcomed(kinds: str) -> None:
    meeting = Meeting()
    for user_id, kind in enumerate("dl", 1):
        meeting.join(user_id, kind)
        meeting.run()
    for user_id, kind in enumerate(kinds, 3):
        meeting.join(user_id, kind)
    meeting.run()
    assert sorted(meeting.group.members) == [1, 2, 3, 4]
    meeting.everyone_hears_everyone()


@pytest.mark.parametrize("kinds", MIXES, ids="".join)
def test_a_freed_leaf_is_used_again(kinds: tuple[str, ...]) -> None:
    meeting = Meeting()
    for user_id, kind in enumerate((*kinds, "d", "l"), 1):
        meeting.join(user_id, kind)
        meeting.run()
    meeting.leave(2)
    meeting.run()
    meeting.everyone_hears_everyone()
    meeting.join(9, "d")
    meeting.run()
    assert meeting.group.members[1] == 9
    meeting.everyone_hears_everyone()


@pytest.mark.parametrize("gone", [5, 6])
def test_davey_sends_welcomes_although_a_leave_or_a_revoke_follows_the_joins(gone: int) -> None:
    """Davey 0.1.7 adds a welcome only if the last op 27 has an Add in it, so the server must end with one."""
    meeting = Meeting()
    for user_id in (1, 2, 3):
        meeting.join(user_id, "d")
        meeting.run()
    held = []
    for user_id in (4, 5, 6):
        meeting.join(user_id, "d")
        held.append(meeting.to_server.pop())
    for message in held:
        meeting.to_clients += meeting.serve(*message)
    meeting.leave(2)
    meeting.leave(gone)
    meeting.run()
    assert sorted(meeting.group.members) == sorted(meeting.members)
    meeting.everyone_hears_everyone()


@pytest.mark.parametrize("kind", ["d", "l"])
def test_a_join_and_a_leave_in_one_epoch(kind: str) -> None:
    meeting = Meeting()
    for user_id in (1, 2, 3):
        meeting.join(user_id, kind)
        meeting.run()
    meeting.join(4, "l")
    meeting.leave(2)
    meeting.run()
    assert sorted(meeting.group.members) == [1, 3, 4]
    meeting.everyone_hears_everyone()


@pytest.mark.parametrize("kinds", ["ddd", "lll", "dld"])
def test_a_joiner_who_leaves_before_the_commit_is_revoked(kinds: str) -> None:
    meeting = Meeting()
    for user_id, kind in enumerate(kinds, 1):
        meeting.join(user_id, kind)
        meeting.run()
    epoch = meeting.group.epoch
    meeting.join(7, "d")
    user_id, op, body = meeting.to_server.pop()
    meeting.to_clients += meeting.serve(user_id, op, body)  # the Add is out, no commit is in yet
    meeting.leave(7)
    meeting.run()
    assert meeting.group.epoch == epoch
    meeting.join(8, "l")
    meeting.run()
    assert sorted(meeting.group.members) == [1, 2, 3, 8]
    meeting.everyone_hears_everyone()


@pytest.mark.parametrize("kind", ["d", "l"])
def test_a_sole_member_is_reset_and_founds_a_new_group_with_the_next(kind: str) -> None:
    meeting = Meeting()
    meeting.join(1, kind)
    meeting.join(2, "d")
    meeting.run()
    meeting.log.clear()
    meeting.leave(2)
    meeting.run()
    assert meeting.ops(1) == [24, 21]
    assert (meeting.group.epoch, meeting.group.members) == (0, [])
    meeting.join(3, "l")
    meeting.run()
    assert meeting.group.epoch == 1
    meeting.everyone_hears_everyone()


def test_a_pending_user_gets_no_proposals_of_a_group_it_is_not_in() -> None:
    meeting = Meeting()
    meeting.join(1, "d")
    meeting.join(2, "l")
    meeting.run()
    meeting.join(3, "d")
    meeting.run(lose=lambda user, op: op == 28)
    meeting.join(4, "d")
    meeting.run()
    assert meeting.ops(3) == [25, 30, 22]
    assert meeting.ops(4) == [25, 30, 22]


@pytest.mark.parametrize("kinds", ["ddd", "lll", "dld", "ldl"])
def test_a_member_whose_state_broke_is_removed_and_added_again(kinds: str) -> None:
    meeting = Meeting()
    for user_id, kind in enumerate(kinds, 1):
        meeting.join(user_id, kind)
        meeting.run()
    broken = meeting.members[2]
    meeting.to_server.append((2, 31, {"transition_id": 2}))
    if isinstance(broken, DaveyMember):
        broken.session.reinit(1, 2, CHANNEL)
    elif isinstance(broken, LibdaveMember):
        broken.session.init(1, CHANNEL, "2")
    meeting.to_server += [(2, *reply) for reply in broken.start()]
    meeting.run()
    assert sorted(meeting.group.members) == [1, 2, 3]
    meeting.everyone_hears_everyone()


def test_a_welcome_that_fails_leads_to_a_new_one() -> None:
    meeting = Meeting()
    meeting.join(1, "d")
    meeting.join(2, "d")
    meeting.run()
    member = meeting.join(3, "d")
    assert isinstance(member, DaveyMember)
    member.session.reinit(1, 3, CHANNEL)
    member.session.get_serialized_key_package()  # the package sent is no longer the one kept
    meeting.run()
    assert 31 not in meeting.ops(3)
    assert meeting.ops(3).count(30) == 2
    meeting.everyone_hears_everyone()


def test_a_transition_is_executed_after_two_seconds_without_the_silent_member() -> None:
    meeting = Meeting()
    meeting.join(1, "d")
    meeting.join(2, "d")
    meeting.run(lose=lambda user, op: user == 2 and op == 23)
    assert meeting.group.deadline == pytest.approx(102.0)
    assert meeting.group.handle_timeout(101.9) == []
    executed = meeting.group.handle_timeout(102.0)
    assert [(send.user_id, send.op, send.body) for send in executed] == [
        (1, 22, {"transition_id": 1}),
        (2, 22, {"transition_id": 1}),
    ]
    assert meeting.group.deadline is None


def test_a_member_that_leaves_does_not_hold_up_the_transition() -> None:
    meeting = Meeting()
    for user_id in (1, 2, 3):
        meeting.join(user_id, "d")
    meeting.run(lose=lambda user, op: user == 3 and op == 23)
    assert 22 not in meeting.ops(1)
    meeting.leave(3)
    meeting.run()
    assert 22 in meeting.ops(1)
    meeting.everyone_hears_everyone()


def test_everybody_reporting_an_invalid_commit_founds_a_new_group() -> None:
    meeting = Meeting()
    for user_id, kind in enumerate("dl", 1):
        meeting.join(user_id, kind)
    meeting.run()
    for user_id, member in meeting.members.items():
        if isinstance(member, DaveyMember):
            member.session.reinit(1, user_id, CHANNEL)
        elif isinstance(member, LibdaveMember):
            member.session.init(1, CHANNEL, str(user_id))
        meeting.to_server.append((user_id, 31, {"transition_id": 1}))
    for user_id, member in meeting.members.items():
        meeting.to_server += [(user_id, *reply) for reply in member.start()]
    meeting.run()
    assert sorted(meeting.group.members) == [1, 2]
    meeting.everyone_hears_everyone()


class Network(Meeting):
    """Keeps each client's messages in order in both directions, and interleaves the clients at random."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.chance = random.Random(seed)

    def step(self) -> bool:
        """Deliver one message. Return False if there is none."""
        down = {send.user_id: send for send in reversed(self.to_clients)}
        up = {message[0]: message for message in reversed(self.to_server)}
        choices = [("down", user) for user in down] + [("up", user) for user in up]
        if not choices:
            return False
        direction, user_id = self.chance.choice(choices)
        if direction == "down":
            send = down[user_id]
            self.to_clients.remove(send)
            replies = self.members[user_id].receive(send.op, send.body, self.announced)
            self.to_server += [(user_id, *reply) for reply in replies]
        else:
            message = up[user_id]
            self.to_server.remove(message)
            self.to_clients += self.serve(*message)
        return True

    def break_down(self, user_id: int) -> None:
        """Let a client lose its state and say so."""
        member = self.members[user_id]
        if isinstance(member, DaveyMember):
            member.session.reinit(1, user_id, CHANNEL)
        elif isinstance(member, LibdaveMember):
            member.session.init(1, CHANNEL, str(user_id))
        self.to_server.append((user_id, 31, {"transition_id": 1}))
        self.to_server += [(user_id, *reply) for reply in member.start()]


@pytest.mark.parametrize("seed", range(24))
def test_those_who_stay_hear_each_other_in_any_order_of_events(seed: int) -> None:
    meeting = Network(seed)
    chance = meeting.chance
    for user_id in range(1, 9):
        meeting.join(user_id, chance.choice("dl"))
        for _ in range(chance.randrange(12)):
            meeting.step()
        if len(meeting.members) > 2 and chance.random() < 0.5:
            meeting.leave(chance.choice(list(meeting.members)))
        if chance.random() < 0.3:
            while meeting.step():
                pass
            if meeting.group.members:  # only a commit or a welcome can break a client
                meeting.break_down(chance.choice(meeting.group.members))
    while meeting.step():
        pass
    assert sorted(meeting.group.members) == sorted(meeting.members)
    assert meeting.group.deadline is None, "every transition was confirmed by everybody it was announced to"
    meeting.everyone_hears_everyone()
