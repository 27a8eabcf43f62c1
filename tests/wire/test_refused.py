"""Whose packets are not taken: counted as refused, decrypted no further, and never lost."""

import pytest

from notetaker.model.outcome import Coverage, Outcome
from notetaker.wire.claims import FIRST_S
from notetaker.wire.losses import SETTLE_S
from tests.wire.packets import sealed
from tests.wire.test_receiver import SSRC, USER, Bench

KEY = b"k"
ROBOT, ROBOT_SSRC = 666, 100


class Watched(Bench):
    """With a group that notes whose frames it is asked to decrypt."""

    def __init__(self) -> None:
        super().__init__(KEY)
        self.decrypted: list[int] = []
        decrypt = self.dave.decrypt

        def watched(user_id: int, frame: bytes) -> bytes | None:
            self.decrypted.append(user_id)
            return decrypt(user_id, frame)

        self.dave.decrypt = watched  # type: ignore[method-assign]

    def says(self, sequence: int, ssrc: int = SSRC, now: float = 0.0, word: bytes = KEY + b"word") -> None:
        self.receive(
            sealed(word, ssrc=ssrc, sequence=sequence, timestamp=960 * sequence, nonce=sequence), now
        )

    @property
    def coverage(self) -> dict[int, Coverage]:
        return {one.user_id: one for one in self.receiver.coverage()}


def test_who_is_refused_is_counted_and_not_decrypted_and_others_are_heard() -> None:
    bench = Watched()
    bench.name()
    bench.name(ROBOT, ROBOT_SSRC)
    bench.receiver.refuse(frozenset({ROBOT}))
    for sequence in range(5):
        bench.says(sequence)
        bench.says(3 * sequence, ROBOT_SSRC)
    bench.expire(SETTLE_S + 1)
    assert bench.heard == [b"word"] * 5
    assert bench.decrypted == [USER] * 5
    assert bench.coverage[ROBOT] == Coverage(ROBOT, bench.coverage[ROBOT].outcomes, lost=0)
    assert dict(bench.coverage[ROBOT].outcomes) == {Outcome.REFUSED: 5}
    assert bench.losses == []


def test_what_came_before_the_name_of_who_is_refused_is_refused_too() -> None:
    bench = Watched()
    bench.receiver.refuse(frozenset({ROBOT}))
    for sequence in (1, 4, 5):
        bench.says(sequence, ROBOT_SSRC)
    bench.name(ROBOT, ROBOT_SSRC)
    bench.says(9, ROBOT_SSRC)
    bench.expire(SETTLE_S + FIRST_S + 1)
    assert (bench.heard, bench.decrypted, bench.losses) == ([], [], [])
    assert dict(bench.coverage[ROBOT].outcomes) == {Outcome.REFUSED: 4}
    assert bench.coverage[ROBOT].lost == 0
    assert bench.receiver.held == 0


def test_while_everyone_is_refused_nobody_is_counted_by_name() -> None:
    bench = Watched()
    bench.name()
    bench.says(1)
    bench.receiver.restart_counts()
    bench.receiver.refuse(None)
    for sequence in range(2, 7):
        bench.says(sequence)
    bench.says(1, ROBOT_SSRC)
    bench.name(ROBOT, ROBOT_SSRC)
    assert bench.coverage == {}
    assert dict(bench.receiver.unattributed) == {Outcome.REFUSED: 6}
    assert bench.heard == [b"word"]


def test_who_is_heard_again_has_lost_nothing_of_what_was_refused() -> None:
    bench = Watched()
    bench.name()
    bench.says(1)
    bench.receiver.refuse(None)
    for sequence in range(2, 50):
        bench.says(sequence)
    bench.receiver.refuse(frozenset())
    bench.says(50)
    bench.expire(SETTLE_S + 1)
    assert bench.heard == [b"word"] * 2
    assert (bench.coverage[USER].lost, bench.losses) == (0, [])


def test_what_was_lost_before_stays_lost() -> None:
    bench = Watched()
    bench.name()
    bench.says(1)
    bench.says(4)
    bench.receiver.refuse(None)
    bench.expire(SETTLE_S + 1)
    assert bench.coverage[USER].lost == 2


def test_who_has_not_agreed_is_refused_where_only_some_are_taken() -> None:
    bench = Watched()
    bench.name()
    bench.receiver.refuse(frozenset(), only=frozenset({USER}))
    bench.says(1, ROBOT_SSRC)
    bench.name(ROBOT, ROBOT_SSRC)
    for sequence in range(1, 4):
        bench.says(sequence)
        bench.says(2 * sequence, ROBOT_SSRC)
    bench.expire(SETTLE_S + FIRST_S + 1)
    assert bench.heard == [b"word"] * 3
    assert bench.decrypted == [USER] * 3
    assert dict(bench.coverage[ROBOT].outcomes) == {Outcome.REFUSED: 4}
    assert bench.losses == []


def test_who_agrees_is_taken_from_then_on() -> None:
    bench = Watched()
    bench.name()
    bench.receiver.refuse(frozenset(), only=frozenset())
    for sequence in range(1, 9):
        bench.says(sequence)
    bench.receiver.refuse(frozenset(), only=frozenset({USER}))
    bench.says(9)
    bench.expire(SETTLE_S + 1)
    assert bench.heard == [b"word"]
    assert (bench.coverage[USER].lost, bench.losses) == (0, [])


@pytest.mark.parametrize(("users", "only"), [(frozenset({ROBOT}), None), (frozenset(), frozenset({USER}))])
def test_plain_sound_of_nobody_known_waits_until_it_is_known_whose_it_is(
    users: frozenset[int], only: frozenset[int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Watched()
    monkeypatch.setattr(bench.dave, "is_plain", lambda frame: True)
    bench.receiver.refuse(users, only)
    bench.says(1, word=b"kplain")
    bench.says(1, ROBOT_SSRC, word=b"ksecret")
    assert bench.heard == []
    bench.name()
    bench.name(ROBOT, ROBOT_SSRC)
    assert bench.heard == [b"plain"]
    assert dict(bench.coverage[ROBOT].outcomes) == {Outcome.REFUSED: 1}


def test_refused_packets_prove_that_sound_arrives() -> None:
    bench = Watched()
    bench.receiver.refuse(None)
    bench.says(1, now=5.0)
    assert bench.receiver.heard_at == 5.0
