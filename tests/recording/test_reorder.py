import random

from hypothesis import given
from hypothesis import strategies as st

from notetaker.recording.journal import Packet
from notetaker.recording.reorder import WINDOW, Reorder, in_order


def packet(sequence: int, timestamp: int | None = None, opus: bytes = b"") -> Packet:
    timestamp = sequence * 960 if timestamp is None else timestamp
    return Packet(7, 70, sequence % 2**16, timestamp % 2**32, opus or sequence.to_bytes(8, "big"), 0, 0, 0)


@given(
    st.integers(0, 2**16),
    st.integers(1, 3000),
    st.integers(0, WINDOW // 2),
    st.integers(0, 99),
    st.sampled_from([960, 0, 20, -960, 2**31, 7_654_321]),
)
def test_shuffled_packets_come_out_as_they_were_sent_whatever_their_clock(
    first: int, count: int, displaced: int, seed: int, ticks: int
) -> None:
    chance = random.Random(seed)
    sent = [packet(first + number, number * ticks) for number in range(count)]
    arrived = sorted(sent, key=lambda entry: int.from_bytes(entry.opus, "big") + chance.uniform(0, displaced))
    assert in_order(arrived) == sent


def test_every_sequence_number_is_followed_by_the_next() -> None:
    sent = [packet(number) for number in range(2**17)]
    assert in_order(sent) == sent


def test_what_no_packet_can_come_before_is_not_kept() -> None:
    buffer = Reorder[Packet]()
    released = [len(buffer.add(packet(number))) for number in range(WINDOW + 10)]
    assert released == [0] * WINDOW + [1] * 10


def test_a_sender_that_starts_anew_loses_nothing() -> None:
    before = [packet(number) for number in range(40_000, 40_100)]
    after = [packet(number) for number in range(20_000, 20_100)]
    assert in_order(before + after) == before + after


def test_a_sender_that_starts_anew_at_a_number_it_has_used_loses_nothing() -> None:
    before = [packet(number) for number in range(100)]
    after = [packet(number, opus=b"again %d" % number) for number in range(40, 140)]
    swapped = [after[1], after[0], *after[2:]]
    assert in_order(before + after) == before + after
    assert in_order(before + swapped) == before + after


@given(st.lists(st.integers(0, 2**16 - 1) | st.integers(0, 20), max_size=60))
def test_whatever_the_sequence_numbers_every_packet_comes_out_once(sequences: list[int]) -> None:
    arrived = [packet(sequence, opus=b"%d" % number) for number, sequence in enumerate(sequences)]
    assert sorted(in_order(arrived)) == sorted(arrived)
