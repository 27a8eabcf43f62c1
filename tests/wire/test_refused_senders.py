"""Who is refused stays refused, whenever their name comes, and whoever had their SSRC before or has it after them."""

from collections import Counter
from collections.abc import Iterable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.audio import AudioFrame
from notetaker.model.outcome import Outcome
from notetaker.wire.dave import DaveGroup
from notetaker.wire.events import Heard
from notetaker.wire.receiver import HOLD_S, LATE_S, Receiver
from notetaker.wire.transport import AesGcm
from tests.wire.conversation import KEY
from tests.wire.packets import sealed

ROBOT, OTHER_ROBOT, ANN, BEN = USERS = (1, 2, 3, 4)
TICK_S = 0.02
START = 100.0


class Group:
    """Stands where the DAVE group stands. A frame begins with its sender's id, which is also the key to it."""

    keyed = frozenset[int]()

    def __init__(self, *, encrypted: bool) -> None:
        self.encrypted = encrypted
        self.keys: set[int] = set()
        self.generation = 0

    def learn(self, user_id: int) -> None:
        self.keys.add(user_id)
        self.generation += 1

    def decrypt(self, user_id: int, frame: bytes) -> bytes | None:
        return frame if not self.encrypted or (user_id in self.keys and frame[0] == user_id) else None

    def has_key(self, user_id: int) -> bool:
        return user_id in self.keys

    def is_plain(self, frame: bytes) -> bool:
        return not self.encrypted


class Channel:
    """A voice channel with a server that says what happens in it late, wrongly, or not at all.

    It hands an SSRC on only once it has said that its owner has left, or who has it now.
    """

    def __init__(self, *, encrypted: bool) -> None:
        self.group = Group(encrypted=encrypted)
        self.receiver = Receiver(cast(DaveGroup, self.group))
        self.receiver.set_cipher(AesGcm(KEY))
        self.now = START
        self.ssrc = {user_id: 100 + user_id for user_id in USERS}
        self.heard: list[int] = []
        """Whose frames came out, as their bytes tell."""
        self.refused: frozenset[int] | None = frozenset()
        self.only: frozenset[int] | None = None
        self._sequence = {user_id: 15_000 * user_id for user_id in USERS}
        self._sent = 0
        self.may_count: Counter[int] = Counter()
        """Packets by senders who have been refused since: only these may be counted as refused."""
        self._since: Counter[int] = Counter()
        """Packets by senders who have not."""

    def named(self, user_id: int) -> None:
        self._hear(self.receiver.name_speaker(self.ssrc[user_id], user_id, self.now))

    def left(self, user_id: int) -> None:
        self.receiver.user_left(user_id, self.now)

    def back(self, user_id: int) -> None:
        self.receiver.user_is_back(user_id)

    def key(self, user_id: int) -> None:
        self.group.learn(user_id)
        self._hear(self.receiver.keys_changed())

    def admit(self, *refused: int, only: frozenset[int] | None = None) -> None:
        self._refuse(frozenset(refused), only)

    def toggle(self, user_id: int) -> None:
        if user_id == ANN:  # the meeting pauses
            self._refuse(None, self.only)
        elif user_id == BEN:  # people are asked first, and only Ben agrees
            self._refuse(self.refused, frozenset({BEN}) if self.only is None else None)
        else:
            self._refuse((self.refused or frozenset()) ^ {user_id}, self.only)

    def passed_on(self, user_id: int) -> None:
        """Somebody goes, and the SSRC is the next person's. Both have been there long enough to have a name."""
        heir = USERS[user_id % len(USERS)]
        for one in (user_id, heir):
            self.named(one)
            self.wait(LATE_S)
            self.left(one)
        self.ssrc[heir], self.ssrc[user_id] = self.ssrc[user_id], max(self.ssrc.values()) + 1

    def says(self, user_id: int) -> None:
        self._sequence[user_id] += 1
        self._sent += 1
        (self.may_count if self._is_refused(user_id) else self._since)[user_id] += 1
        packet = sealed(
            bytes([user_id]) + b"word",
            ssrc=self.ssrc[user_id],
            sequence=self._sequence[user_id] & 0xFFFF,
            timestamp=user_id * 500_000_000 + int((self.now - START) * 48_000),
            nonce=self._sent,
        )
        frame = self.receiver.receive(packet, self.now)
        self._hear([] if frame is None else [frame])

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._hear(self.receiver.expire(self.now))

    def outcomes(self, user_id: int) -> Counter[Outcome]:
        parts = {one.user_id: one.outcomes for one in self.receiver.coverage()}
        return parts.get(user_id, Counter())

    def counted(self) -> int:
        everywhere = [self.receiver.unattributed, *(one.outcomes for one in self.receiver.coverage())]
        return sum(outcomes[Outcome.REFUSED] for outcomes in everywhere)

    def _is_refused(self, user_id: int) -> bool:
        left_out = self.only is not None and user_id not in self.only
        return left_out or self.refused is None or user_id in self.refused

    def _refuse(self, refused: frozenset[int] | None, only: frozenset[int] | None) -> None:
        self.refused, self.only = refused, only
        self.receiver.refuse(refused, only)
        for user_id in USERS:
            if self._is_refused(user_id):
                self.may_count[user_id] += self._since.pop(user_id, 0)

    def _hear(self, events: Iterable[Heard]) -> None:
        for event in events:
            if isinstance(event, AudioFrame):
                sender = event.opus[0]
                assert not self._is_refused(sender)
                self.heard.append(sender)


def test_without_encryption_who_has_no_name_yet_is_not_heard_while_somebody_is_refused() -> None:
    channel = Channel(encrypted=False)
    channel.admit(ROBOT)
    for _ in range(3):
        channel.says(ROBOT)
        channel.says(ANN)
    assert channel.heard == []
    channel.named(ROBOT)
    channel.named(ANN)
    assert channel.heard == [ANN] * 3
    assert dict(channel.outcomes(ROBOT)) == {Outcome.REFUSED: 3}
    assert dict(channel.outcomes(ANN)) == {Outcome.HEARD: 3}


def test_without_encryption_who_never_gets_a_name_is_given_up_and_counted() -> None:
    channel = Channel(encrypted=False)
    channel.admit(ROBOT)
    channel.says(ANN)
    channel.wait(HOLD_S + TICK_S)
    assert dict(channel.outcomes(0)) == {Outcome.HELD_TOO_LONG: 1}


def test_what_a_robot_played_stays_refused_when_it_leaves_before_it_has_a_name() -> None:
    channel = Channel(encrypted=False)
    channel.admit(ROBOT)
    channel.says(ROBOT)
    channel.admit()
    channel.named(ROBOT)
    channel.says(ROBOT)
    assert channel.heard == [ROBOT]
    assert dict(channel.outcomes(ROBOT)) == {Outcome.REFUSED: 1, Outcome.HEARD: 1}


@pytest.mark.parametrize("encrypted", [False, True])
def test_who_gets_the_ssrc_of_a_robot_that_has_left_is_not_refused(encrypted: bool) -> None:
    channel = Channel(encrypted=encrypted)
    channel.key(ANN)
    channel.admit(ROBOT)
    channel.named(ROBOT)
    for _ in range(3):
        channel.says(ROBOT)
        channel.wait(TICK_S)
    channel.left(ROBOT)
    channel.says(ROBOT)  # overtaken by the news
    channel.wait(TICK_S)
    channel.ssrc[ANN] = channel.ssrc[ROBOT]
    for _ in range(100):
        channel.says(ANN)
        channel.wait(TICK_S)
    channel.named(ANN)
    assert channel.heard == [ANN] * 100
    assert dict(channel.outcomes(ROBOT)) == {Outcome.REFUSED: 4}
    assert dict(channel.outcomes(ANN)) == {Outcome.HEARD: 100}


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_robot_that_is_said_to_have_left_but_plays_on_is_refused(encrypted: bool) -> None:
    channel = Channel(encrypted=encrypted)
    channel.admit(ROBOT)
    channel.named(ROBOT)
    for step in range(300):
        if step == 100:
            channel.left(ROBOT)
        channel.says(ROBOT)
        channel.wait(TICK_S)
    assert dict(channel.outcomes(ROBOT)) == {Outcome.REFUSED: 300}
    assert channel.receiver.held == 0


def test_what_waits_for_a_key_under_an_ssrc_that_has_passed_on_goes_with_its_owner() -> None:
    channel = Channel(encrypted=True)
    channel.named(ROBOT)
    channel.says(ROBOT)
    channel.passed_on(ROBOT)
    channel.named(OTHER_ROBOT)
    channel.admit(ROBOT)
    channel.key(ROBOT)
    assert channel.heard == []
    assert dict(channel.outcomes(ROBOT)) == {Outcome.REFUSED: 1}


def test_what_was_said_before_who_said_it_agreed_stays_refused() -> None:
    channel = Channel(encrypted=False)
    channel.admit(only=frozenset({BEN}))
    channel.says(ANN)
    channel.admit(only=frozenset({ANN, BEN}))
    channel.says(ANN)
    channel.named(ANN)
    assert channel.heard == [ANN]
    assert dict(channel.outcomes(ANN)) == {Outcome.REFUSED: 1, Outcome.HEARD: 1}


STEPS = ("says", "says", "says", "named", "left", "back", "key", "toggle", "passed_on")


@given(
    encrypted=st.booleans(),
    steps=st.lists(
        st.tuples(st.sampled_from(STEPS), st.sampled_from(USERS), st.sampled_from((0, 0, 0, 0.5, 2.5))),
        min_size=4,
        max_size=60,
    ),
)
def test_nobody_refused_is_heard_and_nobody_else_is_counted_as_refused(
    encrypted: bool, steps: list[tuple[str, int, float]]
) -> None:
    channel = Channel(encrypted=encrypted)
    channel.admit(ROBOT)
    for step, user_id, pause in steps:
        getattr(channel, step)(user_id)
        channel.wait(TICK_S + pause)
    for user_id in USERS:
        channel.named(user_id)
    assert channel.counted() <= channel.may_count.total()
    toggled = {user_id for step, user_id, _ in steps if step == "toggle"}
    assert ANN in toggled or channel.outcomes(BEN)[Outcome.REFUSED] == 0
    assert toggled & {ANN, BEN} or channel.outcomes(ANN)[Outcome.REFUSED] == 0
