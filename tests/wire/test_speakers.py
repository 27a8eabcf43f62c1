"""Whose stream is it? What is known of that comes late, not at all, or from another time."""

import pytest

from notetaker.discordsim.voice.group import DaveOp
from notetaker.model.audio import UNKNOWN
from notetaker.wire.claims import FIRST_S, PAUSE_S
from notetaker.wire.commands import Reconnect
from notetaker.wire.events import SpeakerJoined
from notetaker.wire.losses import FRAME_S
from notetaker.wire.messages import REPLAYED
from notetaker.wire.opcodes import Op
from notetaker.wire.receiver import LATE_S
from tests.wire.conversation import Conversation, established
from tests.wire.packets import sealed
from tests.wire.secret_call import ADA, BEN, CARL, SecretCall


class Stage:
    """A channel without DAVE, and what is heard of each SSRC, by user."""

    def __init__(self, dave: int = 0) -> None:
        self.talk = established(dave=dave)
        self.nonce = 0

    def sends(self, ssrc: int, position: int, packets: int = 5) -> list[int]:
        """Packets of one sender, numbered from ``position``. Return as whose they were heard."""
        for n in range(position, position + packets):
            self.nonce += 1
            data = sealed(
                b"sound", sequence=n & 0xFFFF, timestamp=n * 960 & 0xFFFFFFFF, ssrc=ssrc, nonce=self.nonce
            )
            self.talk.session.receive_datagram(data, self.talk.now)
            self.talk.passes(FRAME_S)
        return [frame.user_id for frame in self.talk.frames()]

    def joins(self, user_id: int) -> None:
        self.talk.hears(Op.CLIENTS_CONNECT, {"user_ids": [str(user_id)]})

    def speaks(self, user_id: int, ssrc: int) -> None:
        self.talk.hears(Op.SPEAKING, {"user_id": str(user_id), "ssrc": ssrc, "speaking": 1})

    def leaves(self, user_id: int) -> None:
        self.talk.hears(Op.CLIENT_DISCONNECT, {"user_id": str(user_id)})

    def counts(self) -> dict[int, int]:
        return {one.user_id: one.heard for one in self.talk.session.receiver.coverage() if one.heard}


def test_op_12_names_the_audio_stream() -> None:
    stage = Stage()
    video = {"video_ssrc": 71, "rtx_ssrc": 72, "streams": []}
    stage.talk.hears(Op.VIDEO, {"user_id": str(ADA), "audio_ssrc": 70, **video})
    assert stage.talk.does(SpeakerJoined) == SpeakerJoined(ADA, 70, stage.talk.now)
    assert stage.sends(70, 100) == [ADA] * 5
    stage.talk.hears(Op.VIDEO, {"user_id": str(BEN), "audio_ssrc": 0, **video})
    assert stage.talk.session.malformed == 0
    stage.talk.quiet()


@pytest.mark.parametrize(
    "data", [None, {}, {"user_id": "x", "audio_ssrc": 1}, {"user_id": "1", "audio_ssrc": "1"}]
)
def test_a_malformed_op_12_costs_a_counter(data: object) -> None:
    stage = Stage()
    stage.talk.hears(Op.VIDEO, data)
    assert stage.talk.session.malformed == 1


def test_in_a_stage_a_speaker_without_a_name_is_heard_and_gets_it_later() -> None:
    stage = Stage()
    assert stage.sends(70, 100) == [UNKNOWN] * 5
    stage.talk.passes(100.0)
    assert stage.counts() == {UNKNOWN: 5}
    stage.speaks(ADA, 70)
    assert stage.sends(70, 105) == [ADA] * 5
    assert stage.counts() == {ADA: 10}


def test_an_ssrc_that_is_used_again_is_nobodys_until_it_is_claimed() -> None:
    stage = Stage()
    stage.speaks(ADA, 70)
    assert stage.sends(70, 100) == [ADA] * 5
    stage.leaves(ADA)
    assert stage.sends(70, 105) == [ADA] * 5, "late packets are still hers"
    assert stage.sends(70, 0x7_0000_0000 + 107) == [UNKNOWN] * 5, "another sender"
    stage.speaks(BEN, 70)
    assert stage.counts() == {ADA: 10, BEN: 5}


def test_an_ssrc_is_free_two_seconds_after_its_owner_has_left() -> None:
    stage = Stage()
    stage.speaks(ADA, 70)
    stage.sends(70, 100)
    stage.leaves(ADA)
    stage.talk.passes(LATE_S)
    assert stage.sends(70, 105) == [UNKNOWN] * 5
    assert stage.counts() == {ADA: 5, UNKNOWN: 5}


def test_a_new_owner_is_believed_at_once() -> None:
    stage = Stage()
    stage.speaks(ADA, 70)
    stage.sends(70, 100)
    stage.leaves(ADA)
    stage.speaks(BEN, 70)
    stage.talk.passes(2 * LATE_S)
    assert stage.sends(70, 105) == [BEN] * 5


@pytest.mark.parametrize("again", ["op 5", "op 5 for another", "op 11", "nothing but sound"])
def test_somebody_who_comes_back_within_two_seconds_keeps_the_stream(again: str) -> None:
    stage = Stage()
    stage.speaks(ADA, 70)
    stage.sends(70, 100)
    stage.leaves(ADA)
    stage.talk.passes(0.5)
    ssrc = 71 if again == "op 5 for another" else 70
    if again.startswith("op 5"):
        stage.speaks(ADA, ssrc)
    elif again == "op 11":
        stage.joins(ADA)
    else:
        stage.sends(70, 105, round(LATE_S / FRAME_S))
    stage.talk.passes(LATE_S)
    assert stage.sends(ssrc, 300) == [ADA] * 5
    if ssrc != 70:
        assert stage.sends(70, 300) == [UNKNOWN] * 5


def test_a_late_op_13_is_about_the_stream_of_before() -> None:
    stage = Stage()
    stage.speaks(ADA, 70)
    stage.sends(70, 100)
    stage.speaks(ADA, 71)  # she is back
    stage.leaves(ADA)
    stage.talk.passes(LATE_S)
    assert stage.sends(71, 100) == [ADA] * 5
    assert stage.sends(70, 105) == [UNKNOWN] * 5


def test_under_dave_the_owner_is_found_by_the_key() -> None:
    call = SecretCall(ADA, BEN)
    call.heard.clear()
    call.joins(CARL, named=False)
    call.speaks(CARL, packets=round((FIRST_S + 0.2) / FRAME_S))
    assert len(call.heard) == round((FIRST_S + 0.2) / FRAME_S)
    assert call.talk.session.receiver.speaker(CARL) == CARL
    assert call.recoveries == call.talk.session.dave.undecryptable_runs == 0


def test_a_key_that_comes_later_finds_the_owner_too() -> None:
    call = SecretCall(ADA, BEN)
    call.heard.clear()
    call.lose = {DaveOp.ANNOUNCE_COMMIT}
    call.joins(CARL, named=False)
    call.speaks(CARL, packets=200)
    assert call.heard == []
    call.lose = set()
    call.talk.session._dave(call.talk.session.dave.recover(call.talk.now), call.talk.now)
    call.passes(0.1)
    call.speaks(CARL, packets=200)
    assert len(call.heard) == 200, "who was not a member then cannot hear what was said then"
    assert call.talk.session.receiver.held == 200


def test_searches_for_an_owner_who_cannot_be_found_are_rare() -> None:
    call = SecretCall(ADA, BEN)
    tries = refuses_to_open(call)
    for n in range(500):
        data = sealed(b"\xfcnoise\xfa\xfa", sequence=n, timestamp=n * 960, nonce=10_000 + n, ssrc=70)
        call.talk.session.receive_datagram(data, call.talk.now)
        call.passes(FRAME_S)
    assert tries == [ADA, BEN] * 5, f"every {PAUSE_S} s of ten"
    assert call.talk.session.receiver.held == 500


def test_a_search_tries_those_without_a_stream_first() -> None:
    call = SecretCall(ADA, BEN)
    call.joins(CARL, named=False)
    call.speaks(BEN, packets=1)
    tries = refuses_to_open(call)
    call.speaks(CARL, packets=round(PAUSE_S / FRAME_S))
    assert tries[:3] == [CARL, ADA, BEN]


def refuses_to_open(call: SecretCall) -> list[int]:
    """Return the list of users whose keys will have been tried."""
    tries: list[int] = []

    def opens(user_id: int, frame: bytes) -> bool:
        tries.append(user_id)
        return False

    call.talk.session.dave.opens = opens  # type: ignore[method-assign]
    return tries


def test_silence_of_the_server_is_nobodys() -> None:
    call = SecretCall(ADA)
    data = sealed(b"\xf8\xff\xfe", sequence=7, nonce=10_000, ssrc=70)
    call.talk.session.receive_datagram(data, call.talk.now)
    call.passes(5.0)
    assert call.talk.session.receiver.speaker(70) is None


def test_what_one_key_refuses_may_be_the_next_owners() -> None:
    call = SecretCall(ADA, BEN)
    call.heard.clear()
    for n in range(5):  # Ben's frames on the SSRC that was Ada's
        data = sealed(
            call.members[BEN].encrypt(b"\xfcben %d" % n), sequence=9000 + n, nonce=10_000 + n, ssrc=ADA
        )
        call.talk.session.receive_datagram(data, call.talk.now)
    assert call.heard == []
    call.talk.hears(Op.SPEAKING, {"user_id": str(BEN), "ssrc": ADA, "speaking": 1})
    call.passes(0.1)
    assert call.heard == [b"\xfcben %d" % n for n in range(5)]


def test_what_comes_under_a_downgrade_is_heard_without_a_name() -> None:
    stage = Stage(dave=1)
    assert stage.sends(70, 100) == []
    stage.talk.hears(Op.DAVE_PREPARE_TRANSITION, {"transition_id": 3, "protocol_version": 0})
    stage.talk.hears(Op.DAVE_EXECUTE_TRANSITION, {"transition_id": 3})
    assert stage.sends(70, 105) == [UNKNOWN] * 10
    assert stage.counts() == {UNKNOWN: 10}


def replayed(talk: Conversation) -> None:
    """The websocket is lost and resumed."""
    talk.session.websocket_closed(None, talk.now)
    talk.does(Reconnect)
    talk.opens()
    talk.forget()


def test_a_message_that_was_seen_does_nothing_when_it_comes_again() -> None:
    talk = established()
    talk.hears(Op.SPEAKING, {"user_id": "1", "ssrc": 70, "speaking": 1}, seq=10)
    talk.hears(Op.CLIENT_DISCONNECT, {"user_id": "1"}, seq=11)
    talk.hears(Op.SPEAKING, {"user_id": "2", "ssrc": 70, "speaking": 1}, seq=12)
    replayed(talk)
    talk.hears(Op.RESUMED, None, seq=13)
    talk.forget()
    talk.hears(Op.SPEAKING, {"user_id": "1", "ssrc": 70, "speaking": 1}, seq=10)
    talk.hears(Op.CLIENT_DISCONNECT, {"user_id": "1"}, seq=11)
    assert talk.session.receiver.speaker(70) == 2
    talk.quiet()
    talk.hears(Op.SPEAKING, {"user_id": "3", "ssrc": 73, "speaking": 1}, seq=13)
    assert talk.does(SpeakerJoined).user_id == 3
    assert acknowledged(talk) == 13


def test_an_acknowledgement_never_goes_back() -> None:
    talk = established()
    for seq in (65_534, 65_535, 65_534, 0, 1, 65_535):
        talk.hears(Op.CLIENTS_CONNECT, {"user_ids": ["1"]}, seq=seq)
    assert acknowledged(talk) == 1


@pytest.mark.parametrize(
    "seqs", [(0, 1, 2), (65_530, 65_535, 0, 5), (70_000, 70_001), (9000, 9000 - REPLAYED)]
)
def test_every_new_number_counts_through_the_wrap_and_when_numbering_starts_over(
    seqs: tuple[int, ...],
) -> None:
    talk = established()
    for user_id, seq in enumerate(seqs, 1):
        talk.hears(Op.SPEAKING, {"user_id": str(user_id), "ssrc": user_id, "speaking": 1}, seq=seq)
        assert talk.does(SpeakerJoined).user_id == user_id


def test_both_kinds_of_messages_share_the_numbers() -> None:
    talk = established()
    talk.hears(Op.SPEAKING, {"user_id": "1", "ssrc": 1, "speaking": 1}, seq=65_536 + 5)
    talk.hears_binary(Op.MLS_EXTERNAL_SENDER, b"\0", seq=5)
    talk.hears_binary(Op.MLS_EXTERNAL_SENDER, b"\0", seq=6)
    talk.hears(Op.SPEAKING, {"user_id": "2", "ssrc": 2, "speaking": 1}, seq=65_536 + 7)
    assert acknowledged(talk) == 65_536 + 7


def acknowledged(talk: Conversation) -> int:
    talk.forget()
    talk.hears(Op.HEARTBEAT, None)
    beat: dict[str, int] = talk.says(Op.HEARTBEAT)
    return beat["seq_ack"]
