"""The voice session as a conversation with the voice server."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notetaker.model.audio import UNKNOWN, AudioFrame
from notetaker.model.failure import Failure, Step
from notetaker.model.outcome import Outcome
from notetaker.wire.commands import OpenUdp, SendDatagram, SendText
from notetaker.wire.events import Ended, Established, SpeakerJoined, SpeakerLeft
from notetaker.wire.losses import Loss
from notetaker.wire.opcodes import Op
from notetaker.wire.rtp import parse_header
from notetaker.wire.transport import AesGcm
from tests.vectors.files import load
from tests.wire.conversation import (
    GCM,
    GUILD,
    KEY,
    ME,
    READY,
    SSRC,
    XCHACHA,
    Conversation,
    described,
    discovery_answer,
    established,
)  # fmt: skip
from tests.wire.packets import sealed


def test_the_whole_handshake() -> None:
    talk = Conversation()
    talk.opens()
    assert talk.says(Op.IDENTIFY) == {
        "server_id": str(GUILD),
        "user_id": str(ME),
        "session_id": "the-session",
        "token": "the-token",
        "max_dave_protocol_version": 1,
    }
    talk.hears(Op.HELLO, {"v": 8, "heartbeat_interval": 13750})
    talk.passes(0)
    assert talk.says(Op.HEARTBEAT)["seq_ack"] == -1
    talk.hears(Op.READY, READY, seq=1)
    assert talk.does(OpenUdp) == OpenUdp("127.0.0.1", 50001)
    talk.passes(0)
    assert talk.does(SendDatagram).data[:8] == b"\x00\x01\x00\x46" + SSRC.to_bytes(4, "big")
    talk.session.receive_datagram(discovery_answer("203.0.113.9", 40000), talk.now)
    assert talk.says(Op.SELECT_PROTOCOL) == {
        "protocol": "udp",
        "data": {"address": "203.0.113.9", "port": 40000, "mode": GCM},
    }
    talk.hears(Op.SESSION_DESCRIPTION, described(), seq=2)
    assert talk.says(Op.SPEAKING) == {"speaking": 0, "delay": 0, "ssrc": SSRC}
    assert talk.says(Op.MEDIA_SINK_WANTS) == {"any": 0}
    talk.passes(0)
    beat = talk.says(Op.HEARTBEAT)
    assert beat["seq_ack"] == 2
    talk.quiet()
    talk.hears(Op.HEARTBEAT_ACK, {"t": beat["t"]})
    assert silences(talk) == [(number, 960 * number, SSRC) for number in range(5)]
    talk.does(Established)
    talk.passes(0)
    assert talk.does(SendDatagram).data[:4] == b"\x13\x37\xca\xfe"
    assert talk.does(SendDatagram).data[:8] == b"\x00\x01\x00\x46" + SSRC.to_bytes(4, "big")
    talk.quiet()
    assert talk.session.step is Step.ESTABLISHED
    assert talk.session.malformed == 0


def silences(talk: Conversation) -> list[tuple[int, int, int]]:
    """Sequence, timestamp and SSRC of the next five packets, which must be silence."""
    packets = [talk.does(SendDatagram).data for _ in range(5)]
    assert {AesGcm(KEY).open(packet, 12) for packet in packets} == {b"\xf8\xff\xfe"}
    headers = [parse_header(packet) for packet in packets]
    return [(header.sequence, header.timestamp, header.ssrc) for header in headers if header is not None]


def test_an_ack_of_an_earlier_beat_does_not_establish() -> None:
    talk = Conversation()
    talk.opens()
    talk.hears(Op.HELLO, {"heartbeat_interval": 41250})
    talk.passes(0)
    talk.says(Op.IDENTIFY)
    early = talk.says(Op.HEARTBEAT)
    talk.hears(Op.READY, READY)
    talk.session.receive_datagram(discovery_answer(), talk.now)
    talk.hears(Op.SESSION_DESCRIPTION, described())
    talk.passes(0)
    talk.forget()
    talk.hears(Op.HEARTBEAT_ACK, {"t": early["t"]})
    talk.quiet()


def test_ip_discovery_is_asked_again_until_answered() -> None:
    talk = Conversation()
    talk.opens()
    talk.hears(Op.READY, READY)
    talk.passes(1.9)
    asked = [c for c in talk.forget() if isinstance(c, SendDatagram)]
    assert len(asked) == 4
    talk.session.receive_datagram(discovery_answer(ssrc=SSRC + 1), talk.now)
    talk.quiet()
    talk.session.receive_datagram(discovery_answer(), talk.now)
    talk.says(Op.SELECT_PROTOCOL)
    talk.session.receive_datagram(discovery_answer(), talk.now)
    talk.quiet()


@pytest.mark.parametrize(
    ("steps", "step"), [(0, Step.IDENTIFY), (1, Step.DISCOVER), (2, Step.SELECT), (3, Step.VERIFY)]
)
def test_each_step_has_a_deadline_and_is_named(steps: int, step: Step) -> None:
    talk = Conversation()
    talk.opens()
    if steps >= 1:
        talk.hears(Op.READY, READY)
    if steps >= 2:
        talk.session.receive_datagram(discovery_answer(), talk.now)
    if steps >= 3:
        talk.hears(Op.SESSION_DESCRIPTION, described())
    talk.passes(10.1)
    assert talk.forget()[-1] == Ended(Failure(step, timed_out=True))
    assert talk.session.next_timeout() is None


def test_heartbeats_acknowledge_json_and_binary_messages_alike() -> None:
    talk = established()
    talk.hears(Op.CLIENTS_CONNECT, {"user_ids": ["7"]}, seq=9)
    talk.hears_binary(27, b"\x00\x00", seq=10)
    talk.passes(5.0)
    beats = [c for c in talk.forget() if isinstance(c, SendText)]
    assert '"seq_ack":10' in beats[-1].text


def test_a_server_that_acknowledges_is_kept() -> None:
    talk = established()
    for _ in range(20):
        talk.passes(5.0)
        for command in talk.forget():
            if isinstance(command, SendText):
                talk.hears(Op.HEARTBEAT_ACK, {"t": talk.session.heartbeat._nonce})
    assert talk.session.step is Step.ESTABLISHED


def test_the_servers_own_heartbeat_is_answered_at_once() -> None:
    talk = established()
    talk.hears(Op.HEARTBEAT, {"t": 1})
    talk.says(Op.HEARTBEAT)


@pytest.mark.parametrize("mode", [GCM, XCHACHA])
def test_a_speaker_is_heard_once_named(mode: str) -> None:
    talk = established(mode)
    talk.session.receive_datagram(sealed(b"early", ssrc=99, mode=mode), talk.now)
    assert [(f.user_id, f.opus) for f in talk.frames()] == [(UNKNOWN, b"early")]
    talk.hears(Op.SPEAKING, {"user_id": "555", "ssrc": 99, "speaking": 1})
    assert talk.does(SpeakerJoined) == SpeakerJoined(555, 99, talk.now)
    talk.hears(Op.SPEAKING, {"user_id": "555", "ssrc": 99, "speaking": 0})
    talk.quiet()
    talk.session.receive_datagram(sealed(b"later", ssrc=99, sequence=2, nonce=2, mode=mode), talk.now)
    assert [(f.user_id, f.opus) for f in talk.frames()] == [(555, b"later")]
    (coverage,) = talk.session.receiver.coverage()
    assert (coverage.user_id, coverage.heard) == (555, 2)
    talk.hears(Op.CLIENT_DISCONNECT, {"user_id": "555"})
    assert talk.does(SpeakerLeft).user_id == 555
    talk.session.receive_datagram(sealed(b"late", ssrc=99, sequence=3, nonce=3, mode=mode), talk.now)
    assert [f.opus for f in talk.frames()] == [b"late"]


def test_what_happens_comes_out_in_the_order_in_which_it_happened() -> None:
    talk = established()
    talk.hears(Op.SPEAKING, {"user_id": "555", "ssrc": 99, "speaking": 1})
    talk.session.receive_datagram(sealed(b"one", ssrc=99, sequence=1, nonce=1), talk.now)
    talk.hears(Op.CLIENT_DISCONNECT, {"user_id": "555"})
    talk.session.receive_datagram(sealed(b"six", ssrc=99, sequence=6, nonce=6), talk.now)
    talk.session.end("we left")
    talk.session.receive_datagram(sealed(b"late", ssrc=99, sequence=7, nonce=7), talk.now)
    kinds = [type(event) for event in talk.session.take_events()]
    assert kinds == [SpeakerJoined, AudioFrame, SpeakerLeft, AudioFrame, Loss, Ended, AudioFrame]


def test_ending_gives_every_held_packet_its_outcome() -> None:
    talk = established(dave=1)
    talk.session.receive_datagram(sealed(b"unclaimed", ssrc=99), talk.now)
    talk.session.end("we left")
    assert talk.session.receiver.held == 0
    (coverage,) = talk.session.receiver.coverage()
    assert coverage.outcomes == {Outcome.HELD_TOO_LONG: 1}


def test_documented_messages_are_understood() -> None:
    for vector in load("discord_voice_gateway.json")["vectors"]:
        if vector["sent_by"] == "client" or vector["id"].startswith("main gateway"):
            continue
        talk = established()
        payload = vector["payload"]
        talk.hears(payload["op"], payload["d"], payload.get("seq"))
        # A second READY is none; "without user_id" is an example of what clients get wrong.
        expected = payload["op"] == Op.READY or "without user_id" in vector["id"]
        assert talk.session.malformed == expected, vector["id"]


def test_a_server_that_offers_only_unknown_modes_is_named() -> None:
    talk = Conversation()
    talk.opens()
    talk.says(Op.IDENTIFY)
    talk.hears(Op.READY, {**READY, "modes": ["xsalsa20_poly1305"]})
    assert "xsalsa20_poly1305" in talk.does(Ended).failure.detail


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8).map(str),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([
            "user_id", "ssrc", "user_ids", "transition_id", "protocol_version", "epoch", "modes", "ip", "port",
            "secret_key", "mode", "heartbeat_interval", "t", "dave_protocol_version",
        ]),
        inner,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.tuples(st.sampled_from(list(Op)), JUNK), max_size=8), st.booleans())
def test_hostile_json_costs_a_counter_and_no_more(messages: list[tuple[Op, object]], late: bool) -> None:
    talk = established(dave=1) if late else Conversation()
    if not late:
        talk.opens()
    for op, data in messages:
        talk.hears(op, data)
    talk.passes(1.0)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 40), st.binary(max_size=200)), max_size=8))
def test_hostile_binary_costs_a_counter_and_no_more(messages: list[tuple[int, bytes]]) -> None:
    talk = established(dave=1)
    for op, body in messages:
        talk.hears_binary(op, body)
    talk.session.receive_binary(b"\x00", talk.now)
    talk.passes(1.0)
    assert talk.session.malformed >= 1


def test_a_key_given_as_a_number_costs_nothing() -> None:
    talk = Conversation()
    talk.opens()
    talk.hears(Op.READY, READY)
    talk.session.receive_datagram(discovery_answer(), talk.now)
    talk.hears(Op.SESSION_DESCRIPTION, {**described(), "secret_key": 10**12})
    assert talk.session.malformed == 1


def test_an_interval_that_is_no_number_is_refused() -> None:
    talk = Conversation()
    talk.opens()
    talk.session.receive_text('{"op":8,"d":{"heartbeat_interval":NaN}}', talk.now)
    talk.session.receive_text('{"op":8,"d":{"heartbeat_interval":-1}}', talk.now)
    assert talk.session.malformed == 2
    talk.hears(Op.HELLO, {"heartbeat_interval": float("inf")})
    assert talk.session.heartbeat.due == talk.now


@pytest.mark.parametrize(
    ("op", "data"),
    [
        (Op.HELLO, {"heartbeat_interval": 10**400}),
        (Op.CLIENT_DISCONNECT, {"user_id": str(ME)}),
        (Op.CLIENTS_CONNECT, {"user_ids": list(range(1, 20_000))}),
        (Op.DAVE_PREPARE_TRANSITION, {"transition_id": 1 << 16, "protocol_version": 1}),
        (Op.DAVE_PREPARE_TRANSITION, {"transition_id": 0, "protocol_version": -1}),
        (Op.DAVE_EXECUTE_TRANSITION, {"transition_id": -1}),
        (Op.DAVE_PREPARE_EPOCH, {"protocol_version": -1, "epoch": 1}),
        (Op.DAVE_PREPARE_EPOCH, {"protocol_version": 1, "epoch": 1 << 64}),
    ],
)
def test_a_number_out_of_range_costs_a_counter_and_changes_nothing(op: Op, data: object) -> None:
    talk = established(dave=1)
    talk.hears(op, data)
    talk.quiet()
    assert talk.session.malformed == 1
    assert talk.session.dave.version == 1
    assert talk.session.dave.can_hear(sure=True)


def test_a_description_with_an_impossible_dave_version_is_refused_whole() -> None:
    talk = Conversation()
    talk.opens()
    talk.hears(Op.READY, READY)
    talk.session.receive_datagram(discovery_answer(), talk.now)
    talk.forget()
    talk.hears(Op.SESSION_DESCRIPTION, described(dave=-1))
    talk.quiet()
    assert talk.session.malformed == 1
    assert talk.session.step is Step.SELECT


def test_a_server_that_asks_for_heartbeats_is_alive() -> None:
    talk = established()
    for _ in range(5):
        talk.hears(Op.HEARTBEAT, {"t": 1})
    talk.passes(5.0)
    assert talk.session.step is Step.ESTABLISHED


def test_a_packet_that_comes_after_the_end_has_its_outcome_too() -> None:
    talk = established(dave=1)
    talk.session.end("we left")
    talk.session.receive_datagram(sealed(b"unclaimed", ssrc=99), talk.now)
    assert talk.session.receiver.held == 0
    (coverage,) = talk.session.receiver.coverage()
    assert coverage.outcomes == {Outcome.HELD_TOO_LONG: 1}
