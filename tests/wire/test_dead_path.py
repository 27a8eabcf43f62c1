"""A session whose UDP path dies while its websocket is well, as a conversation."""

import json

from notetaker.model.failure import DeadPath, Failure, Step
from notetaker.model.outcome import Outcome
from notetaker.wire.commands import Reconnect, SendDatagram, SendText
from notetaker.wire.events import PathDead
from notetaker.wire.opcodes import Op
from notetaker.wire.path import SILENT, SPEAKING
from tests.wire.conversation import SSRC, Conversation, discovery_answer, established
from tests.wire.packets import sealed

DEAD = PathDead(Failure(Step.ESTABLISHED, path=DeadPath.SILENT))
SILENT_S = SILENT.quiet_s + SILENT.tries * SILENT.retry_s
SPEAKING_S = SPEAKING.quiet_s + SPEAKING.tries * SPEAKING.retry_s


def answers(
    talk: Conversation, seconds: float, *, udp: bool = True, websocket: bool = True
) -> list[PathDead]:
    """Time goes by, and the server answers what it is sent. Return when it was found that the path is dead."""
    dead, end = [], talk.now + seconds
    while talk.now < end:
        talk.passes(0.05)
        for one in talk.forget():
            if isinstance(one, PathDead):
                dead.append(one)
            elif isinstance(one, SendDatagram) and udp:
                ping = one.data.startswith(b"\x13\x37\xca\xfe")
                answer = b"\x13\x37\xf0\x0d" + one.data[4:] if ping else discovery_answer()
                talk.session.receive_datagram(answer, talk.now)
            elif isinstance(one, SendText) and websocket:
                message = json.loads(one.text)
                if message["op"] == Op.HEARTBEAT:
                    talk.hears(Op.HEARTBEAT_ACK, {"t": message["d"]["t"]})
    return dead


def up(*, speaking: bool) -> Conversation:
    talk = established()
    if speaking:
        talk.hears(Op.SPEAKING, {"user_id": "555", "ssrc": 99, "speaking": 1})
    assert answers(talk, 20) == []
    return talk


def test_it_is_probed_as_soon_as_it_is_up() -> None:
    talk = established()
    assert talk.session.path.due == talk.now + SILENT.retry_s, "the first probe is on its way"


def test_in_silence_the_dead_path_is_told_and_the_session_goes_on() -> None:
    talk = up(speaking=False)
    struck = talk.now
    assert answers(talk, SILENT_S + 0.2, udp=False) == [DEAD]
    assert talk.session.step is Step.ESTABLISHED
    assert struck - SILENT.quiet_s - 0.1 <= (talk.session.unproven_since or 0) <= struck
    assert len(answers(talk, 20, udp=False)) == 4, "again and again, without haste"


def test_somebody_who_is_marked_as_speaking_makes_it_urgent() -> None:
    talk = up(speaking=True)
    assert answers(talk, SPEAKING_S + 0.2, udp=False)[:1] == [DEAD]


def test_a_mark_is_cleared_by_opcode_5_and_by_13() -> None:
    for op, data in (
        (Op.SPEAKING, {"user_id": "555", "ssrc": 99, "speaking": 0}),
        (Op.CLIENT_DISCONNECT, {"user_id": "555"}),
    ):
        talk = up(speaking=True)
        talk.hears(op, data)
        assert answers(talk, SPEAKING_S + 1, udp=False) == []


def test_a_packet_proves_the_path_and_a_repeated_one_does_not() -> None:
    talk = up(speaking=True)
    packet = sealed(b"opus", ssrc=99)
    talk.session.receive_datagram(packet, talk.now)
    heard = talk.now
    answers(talk, SPEAKING_S - 0.5, udp=False)
    talk.session.receive_datagram(packet, talk.now)
    assert talk.session.unproven_since == heard
    assert len(answers(talk, 1, udp=False)) == 1
    talk.session.receive_datagram(sealed(b"opus", ssrc=99, sequence=2, nonce=2), talk.now)
    assert answers(talk, SPEAKING_S - 0.5, udp=False) == []


def test_another_address_is_told() -> None:
    talk = up(speaking=False)
    for _ in range(2):
        talk.passes(SILENT.quiet_s)
        talk.session.receive_datagram(discovery_answer(port=40001), talk.now)
    talk.passes(0)
    assert PathDead(Failure(Step.ESTABLISHED, path=DeadPath.MOVED)) in talk.forget()


def test_while_the_websocket_is_resumed_nothing_is_told() -> None:
    talk = up(speaking=True)
    talk.session.websocket_closed(None, talk.now)
    talk.does(Reconnect)
    assert answers(talk, 20, udp=False) == []
    talk.opens()
    talk.hears(Op.HELLO, {"v": 8, "heartbeat_interval": 13750})
    talk.hears(Op.RESUMED, None)
    assert answers(talk, 2, udp=False)[:1] == [DEAD]


def test_a_resume_forgets_who_was_marked() -> None:
    talk = up(speaking=True)
    talk.session.websocket_closed(None, talk.now)
    talk.does(Reconnect)
    talk.opens()
    talk.hears(Op.HELLO, {"v": 8, "heartbeat_interval": 13750})
    talk.hears(Op.RESUMED, None)
    assert answers(talk, 20) == []
    assert answers(talk, SPEAKING_S + 1, udp=False) == []


def test_with_the_websocket_silent_too_nothing_is_told() -> None:
    talk = up(speaking=True)
    assert answers(talk, 12, udp=False, websocket=False) == []


def test_answers_to_probes_are_not_counted_and_what_answers_nothing_is() -> None:
    talk = established()
    answers(talk, 20)
    counts = talk.session.receiver.unattributed
    assert not counts
    pong = b"\x13\x37\xf0\x0d\x00\x00\x00\x01"
    for strange in (pong, discovery_answer(ssrc=SSRC + 1), pong[:4], b""):
        talk.session.receive_datagram(strange, talk.now)
    assert counts == {Outcome.NOT_AUDIO: 4}
    assert talk.session.malformed == 0


def test_before_the_session_is_up_nothing_is_told() -> None:
    talk = Conversation()
    assert talk.session.path.due is None
    talk.session.receive_datagram(discovery_answer(ssrc=SSRC), talk.now)
    assert talk.session.unproven_since is None
