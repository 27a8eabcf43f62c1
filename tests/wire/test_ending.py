"""However and whenever a voice websocket ends: what the session does then, and the failure it reports."""

from collections.abc import Callable

import pytest

from notetaker.model.failure import Failure, Step
from notetaker.wire.commands import Reconnect
from notetaker.wire.events import Ended, Established
from notetaker.wire.opcodes import Op
from tests.wire.conversation import READY, Conversation, described, discovery_answer, established

HANDSHAKE = {
    Step.CONNECT: 10.0,
    Step.IDENTIFY: 10.0,
    Step.DISCOVER: 5.0,
    Step.SELECT: 10.0,
    Step.VERIFY: 10.0,
    Step.GROUP: 5.0,
}
"""With the deadline of each step."""
UP = [Step.ESTABLISHED, Step.RESUME]
RESUMED = [1000, 1001, 1006, 1011, 4009, 4013, 4015, None]
ENDED = [4001, 4002, 4003, 4004, 4005, 4006, 4011, 4012, 4014, 4016, 4017, 4020, 4021, 4022, 4999]


def at(step: Step) -> Conversation:
    """A conversation that has come as far as ``step``."""
    if step in UP:
        talk = established()
        if step is Step.RESUME:
            talk.session.websocket_closed(1006, talk.now)
            talk.opens()
    else:
        talk = Conversation()
        moves: list[Callable[[], None]] = [
            talk.opens,
            lambda: talk.hears(Op.READY, READY),
            lambda: talk.session.receive_datagram(discovery_answer(), talk.now),
            lambda: talk.hears(Op.SESSION_DESCRIPTION, described(dave=1)),
            lambda: verify(talk),
        ]
        for move in moves[: [*HANDSHAKE].index(step)]:
            move()
    talk.forget()
    assert talk.session.step is step
    return talk


def verify(talk: Conversation) -> None:
    talk.hears(Op.CLIENTS_CONNECT, {"user_ids": ["7"]})  # who does not let us into the group
    talk.hears(Op.HELLO, {"heartbeat_interval": 13750})
    talk.passes(0)
    talk.hears(Op.HEARTBEAT_ACK, {"t": talk.session.heartbeat._nonce})


@pytest.mark.parametrize("step", HANDSHAKE)
def test_in_the_handshake_any_code_ends_the_session(step: Step) -> None:
    for code in [*RESUMED, *ENDED]:
        talk = at(step)
        talk.session.websocket_closed(code, talk.now)
        assert talk.does(Ended) == Ended(Failure(step, code or 1006))
        talk.quiet()


@pytest.mark.parametrize("code", RESUMED)
def test_once_up_the_session_survives_these_codes(code: int | None) -> None:
    for step in UP:
        talk = at(step)
        talk.session.websocket_closed(code, talk.now)
        talk.does(Reconnect)
        assert talk.session.step is Step.RESUME
        talk.quiet()


@pytest.mark.parametrize("code", ENDED)
def test_once_up_the_session_ends_with_these_codes(code: int) -> None:
    for step in UP:
        talk = at(step)
        talk.session.websocket_closed(code, talk.now)
        assert talk.does(Ended) == Ended(Failure(step, code))
        talk.quiet()


@pytest.mark.parametrize(("step", "seconds"), HANDSHAKE.items())
def test_a_step_that_takes_too_long_is_named_but_a_group_is_not_needed(step: Step, seconds: float) -> None:
    talk = at(step)
    talk.session.heartbeat.stop()
    talk.passes(seconds - 0.01)
    assert talk.session.step is step
    talk.passes(0.01)
    news = [command for command in talk.forget() if isinstance(command, Ended | Established)]
    assert news == [Established() if step is Step.GROUP else Ended(Failure(step, timed_out=True))]


def test_heartbeats_without_an_answer_are_a_timeout_of_the_step() -> None:
    talk = at(Step.VERIFY)
    talk.hears(Op.HELLO, {"heartbeat_interval": 1000})
    talk.passes(4.0)
    (ended,) = [command for command in talk.forget() if isinstance(command, Ended)]
    detail = "The voice server stopped acknowledging heartbeats."
    assert ended == Ended(Failure(Step.VERIFY, timed_out=True, detail=detail))


def test_a_websocket_that_does_not_open_is_named_with_the_reason() -> None:
    talk = at(Step.CONNECT)
    detail = "The voice server voice.example:2087 could not be reached: refused."
    talk.session.websocket_failed(detail, talk.now)
    assert talk.does(Ended) == Ended(Failure(Step.CONNECT, detail=detail))


def test_a_websocket_that_does_not_open_in_time_has_timed_out() -> None:
    talk = at(Step.CONNECT)
    talk.now += 10.0
    talk.session.websocket_failed("The voice server voice.example:2087 did not answer.", talk.now)
    assert talk.does(Ended).failure.timed_out


@pytest.mark.parametrize("step", [*HANDSHAKE, *UP])
def test_leaving_ends_the_session_at_any_step_and_once(step: Step) -> None:
    talk = at(step)
    talk.session.end("we left")
    talk.session.websocket_closed(1000, talk.now)
    talk.session.websocket_failed("too late", talk.now)
    talk.session.end("we left again")
    assert talk.does(Ended) == Ended(Failure(step, detail="we left"))
    talk.quiet()
    assert talk.session.next_timeout() is None
