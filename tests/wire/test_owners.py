"""An SSRC that was somebody's: until when, and what tells that it is another's now."""

import pytest

from notetaker.model.audio import UNKNOWN
from notetaker.model.failure import Step
from notetaker.model.outcome import Outcome
from notetaker.wire.claims import FIRST_S, PAUSE_S, TRIALS
from notetaker.wire.losses import FRAME_S
from notetaker.wire.opcodes import Op
from notetaker.wire.receiver import LAST_SEARCHES, LATE_S
from tests.wire.packets import sealed
from tests.wire.secret_call import ADA, BEN, CARL, SecretCall
from tests.wire.test_speakers import Stage, refuses_to_open

OTHER = 0x777_0000
"""Added to a position: the same number, but ten minutes ago by the sender's clock."""


def of_ada(stage: Stage) -> None:
    """SSRC 70 is Ada's."""
    stage.speaks(ADA, 70)
    assert stage.sends(70, 100) == [ADA] * 5


def test_who_is_back_under_another_ssrc_leaves_theirs_to_others() -> None:
    stage = Stage()
    of_ada(stage)
    stage.leaves(ADA)
    stage.talk.passes(0.5)
    stage.joins(CARL)  # and gets Ada's SSRC; op 5 is late
    stage.joins(ADA)
    stage.speaks(ADA, 71)
    assert stage.sends(70, OTHER + 107, 50) == [UNKNOWN] * 50
    stage.speaks(CARL, 70)
    assert stage.sends(71, 100) == [ADA] * 5
    assert stage.counts() == {ADA: 10, CARL: 50}


def test_who_is_back_is_not_taken_for_who_has_their_ssrc_now() -> None:
    stage = Stage()
    of_ada(stage)
    stage.leaves(ADA)
    stage.joins(ADA)  # under which SSRC is not known yet
    assert stage.sends(70, OTHER + 107) == [UNKNOWN] * 5


@pytest.mark.parametrize("back", [False, True])
def test_op_11_spares_only_the_newest_stream(back: bool) -> None:
    stage = Stage()
    of_ada(stage)
    stage.speaks(ADA, 71)
    stage.talk.passes(0.1)
    if back:
        stage.speaks(ADA, 70)
    stage.leaves(ADA)
    stage.joins(ADA)
    stage.talk.passes(LATE_S)
    receiver = stage.talk.session.receiver
    assert (receiver.speaker(70), receiver.speaker(71)) == ((ADA, None) if back else (None, ADA))


def test_who_comes_back_and_leaves_again_is_gone() -> None:
    stage = Stage()
    of_ada(stage)
    for _ in range(2):
        stage.leaves(ADA)
        stage.joins(ADA)
    stage.talk.passes(LATE_S)
    assert stage.talk.session.receiver.speaker(70) == ADA
    stage.leaves(ADA)
    stage.talk.passes(LATE_S)
    assert stage.talk.session.receiver.speaker(70) is None


def test_without_op_13_an_ssrc_is_free_once_its_owner_has_another() -> None:
    stage = Stage()
    of_ada(stage)
    stage.speaks(ADA, 71)
    assert stage.sends(70, 105) == [ADA] * 5, "late packets are still hers"
    stage.talk.passes(600.0)
    assert stage.sends(70, 40_000) == [UNKNOWN] * 5


def test_under_dave_who_has_the_ssrc_of_another_is_heard_without_op_5_and_op_13() -> None:
    call = SecretCall(ADA, BEN)
    call.joins(CARL, named=False)
    call.heard.clear()
    packets = round((FIRST_S + 0.2) / FRAME_S)
    for n in range(packets):  # Ada has left, but nobody has said so
        frame = call.members[CARL].encrypt(b"\xfccarl %d" % n)
        data = sealed(frame, sequence=9000 + n, nonce=10_000 + n, ssrc=ADA)
        call.talk.session.receive_datagram(data, call.talk.now)
        call.passes(FRAME_S)
    assert call.heard == [b"\xfccarl %d" % n for n in range(packets)]
    assert call.talk.session.receiver.speaker(ADA) == CARL
    assert call.recoveries == 0
    assert call.talk.session.decrypt_watch.undecryptable == ()


def test_what_was_said_just_before_the_end_is_heard_without_op_5() -> None:
    call = SecretCall(ADA, BEN)
    call.joins(CARL, named=False)
    call.heard.clear()
    call.speaks(CARL, packets=20)
    assert call.heard == []
    call.talk.session.websocket_closed(4006, call.talk.now)
    call.passes(0)
    call._take()
    assert len(call.heard) == 20
    held = [one.outcomes[Outcome.HELD_TOO_LONG] for one in call.talk.session.receiver.coverage()]
    assert sum(held) == 0


def test_few_searches_take_place_at_the_end() -> None:
    call = SecretCall(ADA, BEN)
    tries = refuses_to_open(call)
    for ssrc in range(70, 90):
        data = sealed(b"\xfcnoise\xfa\xfa", nonce=10_000 + ssrc, ssrc=ssrc)
        call.talk.session.receive_datagram(data, call.talk.now)
    call.talk.session.end("over")
    assert tries == [ADA, BEN] * LAST_SEARCHES
    for n in range(20):  # what the socket still had
        data = sealed(b"\xfcnoise\xfa\xfa", nonce=20_000 + n, ssrc=90 + n)
        call.talk.session.receive_datagram(data, call.talk.now)
    assert len(tries) == 2 * LAST_SEARCHES
    assert call.talk.session.receiver.held == 0


def test_a_search_among_many_tries_every_key_in_turn() -> None:
    call = SecretCall(ADA)
    tries = refuses_to_open(call)
    users = range(1000, 1000 + 2 * TRIALS)
    call.talk.session.dave._keyed |= {*users}
    receiver = call.talk.session.receiver
    for n in range(round(3 * PAUSE_S / FRAME_S)):
        if n == round(PAUSE_S / FRAME_S):
            receiver.name_speaker(1000, 1000, call.talk.now)  # those with streams are tried last, from now on
            list(receiver.name_speaker(1000 + TRIALS, 1000 + TRIALS, call.talk.now))
        data = sealed(b"\xfcnoise\xfa\xfa", sequence=n, timestamp=n * 960, nonce=10_000 + n, ssrc=70)
        call.talk.session.receive_datagram(data, call.talk.now)
        call.passes(FRAME_S)
    assert len(tries) == 3 * TRIALS
    assert {*tries} == {ADA, *users}


def test_when_the_last_other_leaves_there_is_nobody_to_wait_for() -> None:
    call = SecretCall(already=(ADA, BEN), unready=(BEN,))
    steps = []
    for user_id in (BEN, ADA):
        call.talk.hears(Op.CLIENT_DISCONNECT, {"user_id": str(user_id)})
        steps.append(call.talk.session.step)
    assert steps == [Step.GROUP, Step.ESTABLISHED]
