"""What a reader is told of lost sound: by speaker, in stretches, and never less than was lost."""

from collections import Counter
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notetaker.model.outcome import Outcome
from notetaker.wire import losses
from notetaker.wire.events import Ended
from notetaker.wire.losses import FRAME_S, JOIN_S, SETTLE_S, Loss
from notetaker.wire.opcodes import Op
from notetaker.wire.receiver import HOLD_PACKETS
from tests.wire.conversation import established
from tests.wire.packets import sealed
from tests.wire.test_receiver import SSRC, USER, Bench


class Speaker:
    """Somebody who says a packet every 20 ms; some are lost on the way."""

    def __init__(self, bench: Bench, ssrc: int = SSRC, user_id: int | None = USER) -> None:
        self.bench, self.ssrc = bench, ssrc
        self.now, self.sequence, self.nonce = 100.0, 65_500, 0
        if user_id is not None:
            bench.name(user_id, ssrc)

    def says(self, packets: int, frame: bytes = b"kopus") -> None:
        for _ in range(packets):
            self.arrives(self.sequence, frame)
            self.sequence += 1
            self.now += FRAME_S

    def loses(self, packets: int) -> None:
        self.sequence += packets
        self.now += packets * FRAME_S

    def arrives(self, sequence: int, frame: bytes = b"kopus") -> None:
        self.nonce += 1
        data = sealed(frame, sequence=sequence & 0xFFFF, nonce=self.nonce, ssrc=self.ssrc)
        self.bench.receive(data, self.now)

    def told(self, until: float = 0.0) -> list[Loss]:
        """What is told when the session's timers go off until ``until``, or one after the other until all is."""
        receiver = self.bench.receiver
        while (due := receiver.next_expiry) is not None and (not until or due <= until):
            self.bench.expire(due)
        return self.bench.take_losses()

    @property
    def lost(self) -> int:
        return sum(coverage.lost for coverage in self.bench.receiver.coverage())


@pytest.fixture
def ada() -> Speaker:
    return Speaker(Bench(b"k"))


def test_a_blackout_is_one_stretch_from_the_last_packet_to_the_first(ada: Speaker) -> None:
    ada.says(10)
    before = ada.now - FRAME_S
    ada.loses(500)
    behind = ada.now
    ada.says(10)
    assert ada.told() == [Loss(USER, before, behind, 500, None)]
    assert ada.lost == 500


def test_what_was_lost_in_a_stall_is_told_as_long_as_it_lasted(ada: Speaker) -> None:
    """A buffer takes the first five seconds and has no room for the other seven; all that it has comes at once."""
    ada.says(10)
    before = ada.now
    ada.now += 12.0
    for _ in range(250):
        ada.arrives(ada.sequence)
        ada.sequence += 1
    ada.sequence += 350
    ada.says(10)
    (loss,) = ada.told()
    assert (loss.started, loss.ended) == pytest.approx((before + 5.0, before + 12.0))


def test_a_hole_has_time_to_be_filled(ada: Speaker) -> None:
    ada.says(10)
    late, ada.sequence = ada.sequence, ada.sequence + 4
    ada.says(1)
    assert ada.lost == 4
    ada.now += SETTLE_S - 2 * FRAME_S
    for sequence in range(late, late + 4):
        ada.arrives(sequence)
    assert ada.bench.receiver.next_expiry is None
    assert (ada.told(), ada.lost) == ([], 0)


def test_who_comes_after_that_is_heard_and_counts_no_more_and_the_loss_stays_told(ada: Speaker) -> None:
    ada.says(10)
    late, ada.sequence = ada.sequence, ada.sequence + 4
    ada.says(1)
    (loss,) = ada.told()
    ada.arrives(late)
    assert len(ada.bench.heard) == 12
    assert (loss.packets, ada.lost, ada.told()) == (4, 3, [])


def test_padding_without_sound_is_no_loss(ada: Speaker) -> None:
    ada.says(5)
    for _ in range(50):
        ada.bench.receive(
            sealed(b"", padding=200, sequence=ada.sequence & 0xFFFF, nonce=ada.sequence), ada.now
        )
        ada.sequence += 1
    ada.says(5)
    assert (ada.told(), ada.lost) == ([], 0)


def test_losses_close_together_are_one_stretch(ada: Speaker) -> None:
    ada.says(10)
    started = ada.now - FRAME_S
    for _ in range(20):
        ada.loses(1)
        ada.says(40)
    ended = ada.now - 40 * FRAME_S
    (loss,) = ada.told()
    assert (loss.started, loss.ended, loss.packets) == pytest.approx((started, ended, 20))


def test_losses_further_apart_are_told_apart(ada: Speaker) -> None:
    ada.says(10)
    ada.loses(3)
    ada.says(round(JOIN_S / FRAME_S) + 2)
    ada.loses(5)
    ada.says(1)
    assert [loss.packets for loss in ada.told()] == [3, 5]


def test_what_opus_conceals_is_counted_and_not_told(ada: Speaker) -> None:
    ada.says(10)
    ada.loses(2)
    ada.says(10)
    assert (ada.told(), ada.lost) == ([], 2)


def test_a_stretch_is_told_two_seconds_after_it(ada: Speaker) -> None:
    ada.says(10)
    ada.loses(100)
    ended = ada.now
    ada.says(200)
    told_at = ended + SETTLE_S + JOIN_S
    assert ada.told(until=told_at - 0.001) == []
    assert len(ada.told(until=told_at)) == 1


def test_whoever_starts_anew_has_lost_nothing(ada: Speaker) -> None:
    for sequence in (30_000, 10, 20_000):  # backwards, and further ahead than time allows
        ada.says(50)
        ada.sequence = sequence
    ada.says(50)
    assert (ada.told(), ada.lost) == ([], 0)
    assert ada.bench.outcomes()[Outcome.REPLAY] == 0


def test_a_blackout_of_minutes_is_no_new_start(ada: Speaker) -> None:
    ada.says(10)
    ada.loses(9_000)
    ada.says(10)
    (loss,) = ada.told()
    assert loss.packets == 9_000
    assert loss.ended - loss.started == pytest.approx(9_001 * FRAME_S)


def test_a_hole_that_is_open_when_the_sender_starts_anew_counts(ada: Speaker) -> None:
    ada.says(10)
    ada.loses(5)
    ada.says(1)
    ada.sequence = 40_000
    ada.says(10)
    assert ada.lost == 5
    assert [loss.packets for loss in ada.told()] == [5]


def test_frames_that_no_key_opens_are_told_once_given_up(ada: Speaker) -> None:
    ada.says(10)
    started = ada.now
    ada.says(50, b"xsealed with a key that never comes")
    ended = ada.now
    ada.says(10)
    (loss,) = ada.told()
    assert (loss.user_id, loss.packets, loss.outcome) == (USER, 50, Outcome.UNDECRYPTABLE)
    assert (loss.started, loss.ended) == pytest.approx((started, ended))
    assert ada.lost == 0


def test_frames_held_and_opened_in_time_are_no_loss(ada: Speaker) -> None:
    ada.says(50, b"xsealed with the next key")
    ada.bench.learn(b"x")
    assert ada.told() == []


def test_what_nobody_claims_is_nobodys_loss() -> None:
    someone = Speaker(Bench(b"k"), user_id=None)
    someone.says(HOLD_PACKETS + 10)
    (loss,) = someone.told()
    assert (loss.user_id, loss.packets, loss.outcome) == (0, HOLD_PACKETS + 10, Outcome.HELD_TOO_LONG)
    assert loss.ended - loss.started == pytest.approx((HOLD_PACKETS + 10) * FRAME_S)


def test_kinds_of_loss_are_told_apart(ada: Speaker) -> None:
    ada.says(5)
    ada.says(5, b"xno key")
    ada.loses(5)
    ada.says(5)
    assert [loss.outcome for loss in ada.told()] == [None, Outcome.UNDECRYPTABLE]


def test_an_ssrc_that_passes_to_somebody_else_leaves_its_losses_behind(ada: Speaker) -> None:
    ada.says(5)
    ada.loses(5)
    ada.says(5)
    ada.bench.name(USER + 1)
    (loss,) = ada.told()
    assert (loss.user_id, loss.packets) == (USER, 5)


def test_a_recording_that_begins_later_is_not_told_of_what_came_before(ada: Speaker) -> None:
    ada.says(5)
    ada.loses(50)
    ada.says(5)
    ada.bench.receiver.restart_counts()
    ada.arrives(ada.sequence - 20)  # belongs to before
    ada.says(5)
    assert (ada.told(), ada.lost) == ([], 0)


def test_losses_are_known_when_the_session_has_ended() -> None:
    talk = established()
    talk.hears(Op.SPEAKING, {"user_id": str(USER), "ssrc": SSRC, "speaking": 1})
    talk.forget()
    for sequence in (1, 2, 10):
        talk.session.receive_datagram(sealed(b"opus", sequence=sequence, nonce=sequence, ssrc=SSRC), talk.now)
    talk.session.websocket_closed(4006, talk.now)
    talk.does(Ended)
    assert talk.losses() == [Loss(USER, talk.now - 7 * FRAME_S, talk.now, 7, None)]


def test_a_session_wakes_up_to_tell_a_loss() -> None:
    talk = established()
    talk.hears(Op.SPEAKING, {"user_id": str(USER), "ssrc": SSRC, "speaking": 1})
    for sequence in (1, 10):
        talk.session.receive_datagram(sealed(b"opus", sequence=sequence, nonce=sequence, ssrc=SSRC), talk.now)
    assert talk.session.receiver.next_expiry == talk.now + SETTLE_S
    assert (talk.session.next_timeout() or 0) <= talk.now + SETTLE_S
    talk.passes(SETTLE_S + JOIN_S)
    assert [loss.packets for loss in talk.losses()] == [8]


ACTIONS = st.one_of(
    st.tuples(st.just("packets"), st.integers(-1200, 1200), st.integers(1, 5), st.sampled_from([98, 99])),
    st.tuples(st.just("jump"), st.integers(0, 0xFFFF), st.integers(2, 4), st.sampled_from([98, 99])),
    st.tuples(st.just("name"), st.sampled_from([98, 99]), st.sampled_from([1, 2])),
    st.tuples(st.just("key"), st.sampled_from(b"kx")),
    st.tuples(st.just("time"), st.floats(0, 20)),
)


@settings(max_examples=300)
@given(st.lists(ACTIONS, max_size=40))
def test_never_is_less_told_than_is_counted_whatever_comes_in(actions: list[tuple[object, ...]]) -> None:
    bench, now, told = Bench(), 0.0, list[Loss]()
    position = {98: 0, 99: 50_000}
    with mock.patch.object(losses, "REPORTED_PACKETS", 1):  # short ones too
        for action in actions:
            match action:
                case ("packets" | "jump" as kind, int(offset), int(count), int(ssrc)):
                    start = offset if kind == "jump" else position[ssrc] + offset
                    for sequence in range(start, start + count):
                        frame = b"kx"[sequence % 2 : sequence % 2 + 1] + b"opus"
                        bench.receive(sealed(frame, sequence=sequence & 0xFFFF, ssrc=ssrc), now)
                    position[ssrc] = start + count
                case ("name", int(ssrc), int(user_id)):
                    bench.name(user_id, ssrc)
                case ("key", int(key)):
                    bench.learn(bytes([key]))
                case ("time", float(seconds)):
                    now += seconds
                    bench.expire(now)
            told += bench.take_losses()
        bench.give_up_all()
        told += bench.take_losses()
    assert bench.receiver.next_expiry is None
    packets = Counter[Outcome | None]()
    for loss in told:
        packets[loss.outcome] += loss.packets
        assert loss.started <= loss.ended <= now + FRAME_S
    assert packets[None] >= sum(coverage.lost for coverage in bench.receiver.coverage()) >= 0
    outcomes = bench.outcomes()
    for given_up in (Outcome.HELD_TOO_LONG, Outcome.UNDECRYPTABLE):
        assert packets[given_up] == outcomes[given_up]
    assert bench.accounted_for()
