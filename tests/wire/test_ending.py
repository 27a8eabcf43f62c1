"""However and whenever a voice websocket ends: what the session does then, and what it says about it."""

from collections.abc import Callable

import pytest

from notetaker.wire.close_codes import CLOSE_CODES, Rung, close_code
from notetaker.wire.commands import Reconnect
from notetaker.wire.events import Ended
from notetaker.wire.handshake import DEADLINES_S, Step
from notetaker.wire.opcodes import Op
from tests.wire.conversation import READY, Conversation, described, discovery_answer, established

HANDSHAKE = [Step.CONNECT, Step.IDENTIFY, Step.DISCOVER, Step.SELECT, Step.VERIFY, Step.GROUP]
UP = [Step.ESTABLISHED, Step.RESUME]
CODES = [*CLOSE_CODES, 4999, None]


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
        for move in moves[: HANDSHAKE.index(step)]:
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
@pytest.mark.parametrize("code", CODES)
def test_in_the_handshake_every_code_ends_the_session(code: int | None, step: Step) -> None:
    talk = at(step)
    talk.session.websocket_closed(code, talk.now)
    ended = talk.does(Ended)
    talk.quiet()
    assert (ended.close_code, ended.step, ended.timed_out) == (code, step, False)
    assert f" during {step.name}: {close_code(code).meaning}" in ended.reason
    assert (f"({code})" in ended.reason) == (code is not None)
    assert ended.reason.endswith(close_code(code).advice or ".")


@pytest.mark.parametrize("step", UP)
@pytest.mark.parametrize("code", CODES)
def test_once_up_a_code_enters_the_ladder_where_the_table_says(code: int | None, step: Step) -> None:
    talk = at(step)
    talk.session.websocket_closed(code, talk.now)
    if close_code(code).rung is Rung.RESUME:
        talk.does(Reconnect)
        assert talk.session.step is Step.RESUME
    else:
        ended = talk.does(Ended)
        assert (ended.close_code, ended.step, ended.timed_out) == (code, None, False)
        assert close_code(code).meaning in ended.reason
    talk.quiet()


@pytest.mark.parametrize("step", HANDSHAKE)
def test_a_step_that_takes_too_long_is_named(step: Step) -> None:
    talk = at(step)
    talk.session.heartbeat.stop()
    talk.passes(DEADLINES_S[step])
    ended = [command for command in talk.forget() if isinstance(command, Ended)]
    assert ended == [Ended(f"Within {DEADLINES_S[step]:.0f} s {step.value}.", None, step, timed_out=True)]


def test_heartbeats_without_an_answer_are_a_timeout_of_the_step() -> None:
    talk = at(Step.VERIFY)
    talk.hears(Op.HELLO, {"heartbeat_interval": 1000})
    talk.passes(4.0)
    (ended,) = [command for command in talk.forget() if isinstance(command, Ended)]
    assert ended.reason == "The voice server stopped acknowledging heartbeats during VERIFY."
    assert (ended.step, ended.timed_out) == (Step.VERIFY, True)


def test_a_websocket_that_does_not_open_is_named_with_its_cause() -> None:
    talk = at(Step.CONNECT)
    talk.session.websocket_failed(
        "The voice server voice.example:2087 could not be reached: refused.", talk.now
    )
    assert talk.does(Ended) == Ended(
        "The voice websocket did not open. The voice server voice.example:2087 could not be reached: refused.",
        step=Step.CONNECT,
    )


def test_a_websocket_that_does_not_open_in_time_has_timed_out() -> None:
    talk = at(Step.CONNECT)
    talk.now += DEADLINES_S[Step.CONNECT]
    talk.session.websocket_failed("The voice server voice.example:2087 did not answer.", talk.now)
    assert talk.does(Ended).timed_out


@pytest.mark.parametrize("step", [*HANDSHAKE, *UP])
def test_leaving_ends_the_session_at_any_step_and_once(step: Step) -> None:
    talk = at(step)
    talk.session.end("we left")
    talk.session.websocket_closed(1000, talk.now)
    talk.session.websocket_failed("too late", talk.now)
    talk.session.end("we left again")
    assert talk.does(Ended) == Ended("we left", None, None if step in UP else step)
    talk.quiet()
    assert talk.session.next_timeout() is None
