"""The last step of the handshake: the others must encrypt for us before anybody is told that we listen."""

import json

import pytest

from notetaker.discordsim.voice.group import DaveOp
from notetaker.model.failure import Step
from notetaker.model.outcome import Coverage, Outcome
from notetaker.wire.commands import SendText
from notetaker.wire.dave import IN_FLIGHT_S
from notetaker.wire.decrypt_watch import CHANCE_S, FRAMES
from notetaker.wire.events import Established
from notetaker.wire.handshake import DEADLINES_S
from notetaker.wire.losses import FRAME_S
from notetaker.wire.opcodes import Op
from tests.wire.conversation import READY, Conversation, described, discovery_answer
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


@pytest.mark.parametrize("told_after_s", [0.0, 0.4])
def test_who_else_is_there_may_be_told_after_the_connection_is_proved(told_after_s: float) -> None:
    talk = Conversation()
    talk.opens()
    talk.hears(Op.HELLO, {"heartbeat_interval": 13750})
    talk.hears(Op.READY, READY)
    talk.session.receive_datagram(discovery_answer(), talk.now)
    talk.hears(Op.SESSION_DESCRIPTION, described(dave=1))
    talk.passes(0)
    (beat,) = [
        c.text for c in talk.forget() if isinstance(c, SendText) and json.loads(c.text)["op"] == Op.HEARTBEAT
    ]
    talk.hears(Op.HEARTBEAT_ACK, {"t": json.loads(beat)["d"]["t"]})
    talk.forget()
    talk.passes(told_after_s)
    talk.hears(Op.CLIENTS_CONNECT, {"user_ids": [str(ADA)]})
    talk.passes(DEADLINE_S - told_after_s - 0.1)
    talk.quiet()
    talk.hears(Op.CLIENT_DISCONNECT, {"user_id": str(ADA)})
    talk.does(Established)


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
