import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.recording.journal import Packet
from notetaker.recording.reorder import LATE_NS, WINDOW, Reorder, in_order


def packet(sequence: int, timestamp: int | None = None, opus: bytes = b"", *, arrival_ns: int = 0) -> Packet:
    timestamp = sequence * 960 if timestamp is None else timestamp
    opus = opus or sequence.to_bytes(8, "big")
    return Packet(7, 70, sequence % 2**16, timestamp % 2**32, opus, arrival_ns, 0, 0)


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


@pytest.mark.parametrize("below", [1, 50, WINDOW - 1])
def test_a_sender_that_starts_anew_just_below_its_first_number_is_known_by_the_time(below: int) -> None:
    before = [packet(number) for number in range(2000, 2050)]
    later = LATE_NS + 1
    after = [packet(number, arrival_ns=later) for number in range(2000 - below, 2050 - below)]
    assert in_order(before + after) == before + after


@pytest.mark.parametrize("missing", [5, 49])
def test_a_sender_that_starts_anew_where_a_packet_was_lost_is_known_by_the_time(missing: int) -> None:
    before = [packet(number) for number in range(50) if number != missing]
    after = [packet(number, opus=b"again", arrival_ns=LATE_NS + 1) for number in range(missing, 60)]
    assert in_order(before + after) == before + after


def test_what_a_stall_brings_at_once_is_put_in_order_all_the_same() -> None:
    before = [packet(number) for number in range(50)]
    stalled = [packet(number, arrival_ns=2 * LATE_NS) for number in (51, 50, 53, 52)]
    assert in_order(before + stalled) == before + [stalled[n] for n in (1, 0, 3, 2)]


def test_one_that_the_receiver_has_held_goes_to_its_place() -> None:
    arrived = [packet(number, arrival_ns=number * 20_000_000) for number in (0, 1, 3, 4, 5)]
    held = packet(2, arrival_ns=LATE_NS)
    assert in_order([*arrived, held]) == [*arrived[:2], held, *arrived[2:]]


@given(st.lists(st.integers(0, 2**16 - 1) | st.integers(0, 20), max_size=60))
def test_whatever_the_sequence_numbers_every_packet_comes_out_once(sequences: list[int]) -> None:
    arrived = [packet(sequence, opus=b"%d" % number) for number, sequence in enumerate(sequences)]
    assert sorted(in_order(arrived)) == sorted(arrived)
