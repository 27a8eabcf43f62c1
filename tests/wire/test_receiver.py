"""Whatever comes in: nothing raises, nothing is unaccounted for, and nothing that can be opened is lost."""

from collections import Counter
from collections.abc import Iterable
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notetaker.model.audio import AudioFrame
from notetaker.model.outcome import Outcome
from notetaker.wire.claims import FIRST_S
from notetaker.wire.dave import DaveGroup
from notetaker.wire.events import Heard
from notetaker.wire.losses import Loss
from notetaker.wire.receiver import HOLD_PACKETS, HOLD_S, Receiver
from notetaker.wire.transport import AesGcm
from tests.wire.conversation import KEY
from tests.wire.packets import sealed

SSRC, USER = 99, 555


class Keys:
    """Stands where the DAVE group stands: opens frames that begin with a key it has been given."""

    def __init__(self) -> None:
        self.keys: set[bytes] = set()
        self.generation = 0

    def learn(self, key: bytes) -> None:
        self.keys.add(key)
        self.generation += 1

    def decrypt(self, user_id: int, frame: bytes) -> bytes | None:
        return frame[1:] if frame[:1] in self.keys else None

    def has_key(self, user_id: int) -> bool:
        return bool(self.keys)

    def is_plain(self, frame: bytes) -> bool:
        return False

    keyed = frozenset[int]()


class Bench:
    def __init__(self, *keys: bytes) -> None:
        self.dave = Keys()
        for key in keys:
            self.dave.learn(key)
        self.receiver = Receiver(cast(DaveGroup, self.dave))
        self.receiver.set_cipher(AesGcm(KEY))
        self.entered = 0
        self.heard: list[bytes] = []
        self.losses: list[Loss] = []

    def receive(self, data: bytes, now: float = 0.0) -> None:
        self.entered += 1
        frame = self.receiver.receive(data, now)
        if frame is not None:
            self.heard.append(frame.opus)

    def name(self, user_id: int = USER, ssrc: int = SSRC) -> None:
        self._take(self.receiver.name_speaker(ssrc, user_id, 0.0))

    def learn(self, key: bytes) -> None:
        self.dave.learn(key)
        self.heard += [frame.opus for frame in self.receiver.keys_changed()]

    def expire(self, now: float) -> None:
        self._take(self.receiver.expire(now))

    def _take(self, events: Iterable[Heard]) -> None:
        for one in events:
            if isinstance(one, Loss):
                self.losses.append(one)
            elif isinstance(one, AudioFrame):
                self.heard.append(one.opus)

    def give_up_all(self) -> None:
        self._take(self.receiver.give_up_all())

    def take_losses(self) -> list[Loss]:
        losses, self.losses = self.losses, []
        return losses

    def outcomes(self) -> Counter[Outcome]:
        total = Counter(self.receiver.unattributed)
        for coverage in self.receiver.coverage():
            total.update(coverage.outcomes)
        return total

    def accounted_for(self) -> bool:
        outcomes = self.outcomes()
        return outcomes.total() + self.receiver.held == self.entered and outcomes[Outcome.HEARD] == len(
            self.heard
        )


def test_a_packet_is_opened_in_the_one_right_order() -> None:
    bench = Bench(b"k")
    bench.name()
    bench.receive(sealed(b"kopus", extension=b"\x10\xff\x90\x00" * 2, padding=5, csrcs=(1, 2)))
    assert bench.heard == [b"opus"]
    assert bench.accounted_for()


def test_packets_of_an_unknown_speaker_are_held_and_come_out_in_order() -> None:
    bench = Bench(b"k")
    for n in range(3):
        bench.receive(sealed(b"k%d" % n, sequence=n, nonce=n))
    assert (bench.heard, bench.receiver.held) == ([], 3)
    bench.name()
    assert bench.heard == [b"0", b"1", b"2"]
    assert bench.accounted_for()


def test_packets_wait_for_the_dave_key() -> None:
    bench = Bench()
    bench.name()
    bench.receive(sealed(b"kearly", sequence=1, nonce=1))
    assert bench.heard == []
    bench.learn(b"k")
    assert bench.heard == [b"early"]
    assert bench.accounted_for()


def test_a_new_epochs_packets_wait_while_the_old_ones_go_on() -> None:
    bench = Bench(b"a")
    bench.name()
    for n, frame in enumerate([b"a1", b"b2", b"a3", b"b4"]):
        bench.receive(sealed(frame, sequence=n, nonce=n))
    assert bench.heard == [b"1", b"3"]
    bench.learn(b"b")
    assert bench.heard == [b"1", b"3", b"2", b"4"]
    assert bench.accounted_for()


def test_what_nobody_claims_is_given_up_and_counted() -> None:
    bench = Bench(b"k")
    bench.receive(sealed(b"kopus"), now=10.0)
    bench.expire(10.0 + FIRST_S)  # its owner is searched in vain
    assert bench.receiver.next_expiry == 10.0 + HOLD_S
    bench.expire(10.0 + HOLD_S - 0.001)
    assert bench.receiver.held == 1
    bench.expire(10.0 + HOLD_S)
    assert bench.outcomes() == {Outcome.HELD_TOO_LONG: 1}
    bench.name()
    assert bench.heard == []
    assert bench.accounted_for()


def test_a_refused_frame_is_given_up_as_undecryptable() -> None:
    bench = Bench(b"k")
    bench.name()
    bench.receive(sealed(b"xgarbage"))
    bench.give_up_all()
    assert bench.outcomes() == {Outcome.UNDECRYPTABLE: 1}


def test_holding_is_bounded() -> None:
    bench = Bench(b"k")
    for n in range(HOLD_PACKETS + 10):
        bench.receive(sealed(b"k", sequence=n, nonce=n))
    assert bench.receiver.held == HOLD_PACKETS
    assert bench.outcomes() == {Outcome.HELD_TOO_LONG: 10}
    assert bench.accounted_for()


@pytest.mark.parametrize(
    ("datagram", "outcome"),
    [
        (b"", Outcome.NOT_AUDIO),
        (bytes(8), Outcome.NOT_AUDIO),  # an echoed keepalive
        (b"\x80\xc8" + bytes(40), Outcome.NOT_AUDIO),  # RTCP sender report
        (sealed(b"kvideo", payload_type=103), Outcome.NOT_AUDIO),
        (sealed(b"kopus", key=bytes(32)), Outcome.BAD_AUTH),
        (sealed(b"kopus")[:-1], Outcome.BAD_AUTH),
        (sealed(b"kopus")[:20], Outcome.BAD_AUTH),
        (sealed(b"", padding=200), Outcome.PADDING_ONLY),
        (sealed(b"", extension=b"EXTN", padding=1), Outcome.PADDING_ONLY),
        (sealed(b""), Outcome.PADDING_ONLY),
    ],
)
def test_each_kind_of_packet_has_its_outcome(datagram: bytes, outcome: Outcome) -> None:
    bench = Bench(b"k")
    bench.name()
    bench.receive(datagram)
    assert bench.outcomes() == {outcome: 1}
    assert bench.accounted_for()


def test_a_duplicate_is_counted_and_not_stored() -> None:
    bench = Bench(b"k")
    bench.name()
    bench.receive(sealed(b"kopus"))
    bench.receive(sealed(b"kopus"))
    assert bench.outcomes() == {Outcome.HEARD: 1, Outcome.DUPLICATE: 1}


def test_padding_only_packets_leave_no_hole() -> None:
    bench = Bench(b"k")
    bench.name()
    for n, (payload, padding) in enumerate([(b"k1", 0), (b"", 9), (b"", 9), (b"k2", 0)]):
        bench.receive(sealed(payload, padding=padding, sequence=n, nonce=n))
    (coverage,) = bench.receiver.coverage()
    assert coverage.lost == 0


def test_a_recording_that_begins_later_counts_from_its_beginning() -> None:
    bench = Bench(b"k")
    bench.name()
    bench.receive(sealed(b"k1", sequence=1, nonce=1))
    bench.receiver.restart_counts()
    bench.receive(sealed(b"k2", sequence=2, nonce=2))
    bench.receive(sealed(b"k4", sequence=4, nonce=4))
    (coverage,) = bench.receiver.coverage()
    assert coverage.outcomes == {Outcome.HEARD: 2}
    assert coverage.lost == 1


def test_an_ssrc_that_passes_to_somebody_else_leaves_the_counts_where_they_were() -> None:
    bench = Bench(b"k")
    bench.name(1)
    bench.receive(sealed(b"kone", sequence=40000, nonce=1))
    bench.receive(sealed(b"xheld", sequence=40001, nonce=2))
    bench.name(2)
    bench.receive(sealed(b"ktwo", sequence=10, nonce=3))
    first, second = bench.receiver.coverage()
    assert (first.user_id, first.outcomes) == (1, {Outcome.HEARD: 1})
    assert (second.user_id, second.outcomes) == (2, {Outcome.HEARD: 1})
    assert bench.receiver.held == 1, "what the key of the first one refused may be the second one's"
    assert first.lost == second.lost == 0
    assert bench.accounted_for()


@given(st.floats(0, 1e6))
def test_what_is_due_to_expire_expires(arrival: float) -> None:
    bench = Bench(b"k")
    bench.receive(sealed(b"kopus"), now=arrival)
    for _ in range(2):  # a search for the owner, and the end
        due = bench.receiver.next_expiry
        assert due is not None
        bench.expire(due)
    assert bench.receiver.held == 0
    assert bench.receiver.next_expiry is not None  # the loss


@given(st.lists(st.binary(max_size=120), max_size=20))
def test_any_datagram_costs_a_counter_and_no_more(datagrams: list[bytes]) -> None:
    bench = Bench(b"k")
    for data in datagrams:
        bench.receive(data)
        bench.receive(b"\x90\x78" + data)
    assert bench.accounted_for()
    assert bench.heard == []


ACTIONS = st.one_of(
    st.tuples(st.just("packet"), st.integers(0, 30), st.sampled_from([98, 99]), st.sampled_from(b"ab")),
    st.tuples(st.just("name"), st.sampled_from([98, 99]), st.sampled_from([1, 2])),
    st.tuples(st.just("key"), st.sampled_from(b"ab")),
    st.tuples(st.just("left"), st.sampled_from([1, 2])),
    st.tuples(st.just("time"), st.floats(0, 20)),
)


@settings(max_examples=300)
@given(st.lists(ACTIONS, max_size=60))
def test_the_sums_match_whatever_happens_in_whatever_order(actions: list[tuple[object, ...]]) -> None:
    bench, now = Bench(), 0.0
    owners: dict[int, list[int]] = {98: [0], 99: [0]}
    for action in actions:
        match action:
            case ("packet", int(sequence), int(ssrc), int(key)):
                payload = bytes([key]) + b"%d.%d.%d" % (ssrc, len(owners[ssrc]), sequence)
                bench.receive(sealed(payload, sequence=sequence, ssrc=ssrc), now)
            case ("name", int(ssrc), int(user_id)):
                bench.name(user_id, ssrc)
                if owners[ssrc][-1] != user_id:
                    owners[ssrc].append(user_id)
                owners[98 + 99 - ssrc].append(-1)  # if that was theirs too, it is free soon
            case ("key", int(key)):
                bench.learn(bytes([key]))
            case ("left", int(user_id)):
                bench.receiver.user_left(user_id, now)
                for each in owners.values():
                    each.append(-1)  # whoever comes next says something else
            case ("time", float(seconds)):
                now += seconds
                bench.expire(now)
        assert bench.accounted_for()
    bench.give_up_all()
    assert bench.receiver.held == 0
    assert bench.receiver.next_expiry is None
    assert bench.accounted_for()
    assert len(set(bench.heard)) == len(bench.heard)
