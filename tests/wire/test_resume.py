"""A voice websocket that is lost while UDP lives, as a conversation."""

import json

import pytest

from notetaker.model.failure import Failure, Step
from notetaker.wire.commands import Reconnect, SendText
from notetaker.wire.events import Ended, Resumed
from notetaker.wire.handshake import LASTING_S
from notetaker.wire.opcodes import Op
from tests.wire.conversation import GUILD, SSRC, Conversation, established
from tests.wire.packets import sealed
from tests.wire.test_session import silences


def test_a_server_that_stops_acknowledging_is_asked_to_resume_on_a_new_websocket() -> None:
    talk = established()
    talk.passes(20.0)
    assert Reconnect(0.0) in talk.forget()
    assert talk.session.step is Step.RESUME
    talk.passes(60.0)
    assert not any(isinstance(c, SendText) for c in talk.forget()), "there is no websocket to beat on"


def test_a_lost_websocket_is_resumed_with_what_was_seen_last() -> None:
    talk = established()
    talk.hears(Op.CLIENTS_CONNECT, {"user_ids": ["7"]}, seq=41)
    talk.session.websocket_closed(None, talk.now)
    assert talk.does(Reconnect) == Reconnect(0.0)
    talk.session.receive_datagram(sealed(b"meanwhile", ssrc=99), talk.now)
    talk.opens()
    assert talk.says(Op.RESUME) == {
        "server_id": str(GUILD),
        "session_id": "the-session",
        "token": "the-token",
        "seq_ack": 41,
    }
    talk.hears(Op.SPEAKING, {"user_id": "555", "ssrc": 99, "speaking": 1}, seq=42)
    assert [frame.opus for frame in talk.frames()] == [b"meanwhile"]
    talk.forget()
    talk.hears(Op.HELLO, {"v": 8, "heartbeat_interval": 13750})
    talk.hears(Op.RESUMED, None)
    assert silences(talk) == [(number, 960 * number, SSRC) for number in range(5, 10)]
    talk.does(Resumed)
    talk.passes(0)
    assert talk.says(Op.HEARTBEAT)["seq_ack"] == 42
    assert talk.session.step is Step.ESTABLISHED


@pytest.mark.parametrize("code", [4006, 4014, 4016])
def test_what_a_resume_cannot_mend_ends_the_session(code: int) -> None:
    talk = established()
    talk.session.websocket_closed(code, talk.now)
    assert talk.does(Ended).failure.close_code == code


@pytest.mark.parametrize("code", [1000, 1001, 4009, 4013, 4015])
def test_codes_that_leave_the_session_alive_are_resumed(code: int) -> None:
    talk = established()
    talk.session.websocket_closed(code, talk.now)
    talk.does(Reconnect)


def test_a_refused_resume_ends_the_session() -> None:
    talk = established()
    talk.session.websocket_closed(1006, talk.now)
    talk.does(Reconnect)
    talk.opens()
    talk.says(Op.RESUME)
    talk.session.websocket_closed(4006, talk.now)
    assert talk.does(Ended).failure.close_code == 4006


def test_resuming_is_tried_three_times_with_growing_pauses() -> None:
    talk = established()
    talk.session.websocket_closed(None, talk.now)
    talk.session.websocket_failed("Nobody there.", talk.now)
    talk.opens()
    talk.passes(5.0)  # no op 9
    talk.session.websocket_failed("Nobody there.", talk.now)
    commands = [c for c in talk.forget() if isinstance(c, Reconnect | Ended)]
    ended = Ended(Failure(Step.RESUME, detail="Nobody there."))
    assert commands == [Reconnect(0.0), Reconnect(1.0), Reconnect(2.0), ended]


def is_resumed(talk: Conversation, lasts_s: float) -> None:
    """The websocket is lost, resumed, and answers every beat for a while."""
    talk.session.websocket_closed(None, talk.now)
    talk.does(Reconnect)
    talk.opens()
    talk.hears(Op.HELLO, {"v": 8, "heartbeat_interval": 13750})
    talk.says(Op.RESUME)
    talk.hears(Op.RESUMED, None)
    assert Resumed() in talk.forget()
    talk.passes(lasts_s)
    beats = [json.loads(c.text) for c in talk.forget() if isinstance(c, SendText)]
    for beat in beats:
        talk.hears(Op.HEARTBEAT_ACK, {"t": beat["d"]["t"]})
    assert beats


def test_a_server_that_resumes_and_drops_over_and_over_is_given_up() -> None:
    talk = established()
    for _ in range(3):
        is_resumed(talk, lasts_s=0.1)
    talk.session.websocket_closed(None, talk.now)
    talk.does(Ended)


def test_a_websocket_that_lasts_is_resumed_however_often() -> None:
    talk = established()
    for _ in range(5):
        is_resumed(talk, lasts_s=LASTING_S)


def test_before_the_session_is_up_there_is_nothing_to_resume() -> None:
    talk = Conversation()
    talk.opens()
    talk.says(Op.IDENTIFY)
    talk.session.websocket_closed(1006, talk.now)
    talk.does(Ended)
