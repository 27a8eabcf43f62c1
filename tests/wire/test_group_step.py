"""The last step of the handshake: the others must encrypt for us before anybody is told that we listen."""

from notetaker.discordsim.voice.group import DaveOp
from notetaker.model.failure import Step
from notetaker.model.outcome import Coverage, Outcome
from notetaker.wire.decrypt_watch import CHANCE_S, FRAMES
from notetaker.wire.handshake import DEADLINES_S
from notetaker.wire.losses import FRAME_S
from notetaker.wire.opcodes import Op
from notetaker.wire.session import IN_FLIGHT_S
from tests.wire.secret_call import ADA, BEN, CARL, SecretCall

DEADLINE_S = DEADLINES_S[Step.GROUP]


def step_of(call: SecretCall) -> Step:
    return call.talk.session.step


def nobody_to_hear(call: SecretCall) -> bool:
    return call.talk.session.dave.nobody_to_hear


def packets(call: SecretCall, user_id: int) -> Coverage:
    """What became of somebody's packets, when the session is over."""
    call.talk.session.end("over")
    (one,) = [one for one in call.talk.session.receiver.coverage() if one.user_id == user_id]
    return one


def test_with_a_welcome_nobody_is_heard_before_its_transition_is_executed() -> None:
    call = SecretCall(already=(ADA, BEN), unready=(BEN,))
    assert call.talk.session.dave.in_transition
    call.speaks(ADA, BEN, packets=2 * FRAMES)
    assert step_of(call) is Step.GROUP
    assert call.heard == []
    call.waited_long_enough()
    assert step_of(call) is Step.ESTABLISHED
    call.speaks(ADA, BEN, packets=10)
    assert len(call.heard) == 20
    assert call.recoveries == call.talk.session.dave.undecryptable_runs == 0


def test_what_was_encrypted_for_others_before_we_came_is_no_loss() -> None:
    call = SecretCall(already=(ADA, BEN), unready=(BEN,))
    call.speaks(ADA, packets=30)
    call.waited_long_enough()
    call.speaks(ADA, packets=3, broken=True)  # still in flight
    call.passes(IN_FLIGHT_S)
    call.speaks(ADA, packets=4, broken=True)
    call.speaks(ADA, packets=5)
    assert packets(call, ADA).outcomes == {
        Outcome.EARLY: 33,
        Outcome.UNDECRYPTABLE: 4,
        Outcome.HEARD: 5,
    }
    assert [(loss.packets, loss.outcome) for loss in call.talk.losses()] == [(4, Outcome.UNDECRYPTABLE)]


def test_that_somebody_is_heard_is_proof_enough() -> None:
    call = SecretCall(already=(ADA, BEN), unready=(BEN,))
    call.members[ADA].receive(DaveOp.EXECUTE_TRANSITION, {"transition_id": 2}, [])  # is told before we are
    call.speaks(ADA, packets=1)
    assert step_of(call) is Step.ESTABLISHED
    assert len(call.heard) == 1


def test_a_transition_that_is_never_executed_holds_nobody_up() -> None:
    call = SecretCall(already=(ADA, BEN), unready=(BEN,))
    call.passes(DEADLINE_S - 1)
    assert step_of(call) is Step.GROUP
    call.passes(1)
    assert step_of(call) is Step.ESTABLISHED
    assert not nobody_to_hear(call)
    call.speaks(ADA, packets=10)  # with the keys of before, for all we know
    assert packets(call, ADA).outcomes == {Outcome.UNDECRYPTABLE: 10}


def test_alone_with_somebody_without_a_group_the_session_is_up_and_waits_for_the_next_one() -> None:
    call = SecretCall()
    talk = call.talk
    talk.hears(Op.CLIENTS_CONNECT, {"user_ids": [str(BEN)]})
    talk.hears(Op.SPEAKING, {"user_id": str(BEN), "ssrc": BEN, "speaking": 1})
    assert nobody_to_hear(call)
    call.speaks(BEN, packets=round(10 * CHANCE_S / FRAME_S), broken=True)
    assert (call.ended, call.recoveries) == (None, 1)
    call.joins(CARL)
    assert not nobody_to_hear(call)
    call.speaks(BEN, packets=1, broken=True)
    call.speaks(CARL, packets=10)
    assert len(call.heard) == 10
