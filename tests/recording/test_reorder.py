import random

from hypothesis import given
from hypothesis import strategies as st

from notetaker.recording.journal import Packet
from notetaker.recording.reorder import WINDOW, Reorder


def packet(sequence: int) -> Packet:
    return Packet(7, 70, sequence % 2**16, sequence * 960 % 2**32, sequence.to_bytes(8, "big"), 0, 0, 0)


def reorder(packets: list[Packet]) -> list[Packet]:
    buffer = Reorder()
    return [ready for packet in packets for ready in buffer.add(packet)] + buffer.flush()


@given(st.integers(0, 2**16), st.integers(1, 3000), st.integers(0, WINDOW // 2), st.integers(0, 99))
def test_shuffled_and_doubled_packets_come_out_as_they_were_sent(
    first: int, count: int, displaced: int, seed: int
) -> None:
    chance = random.Random(seed)
    sent = [packet(first + number) for number in range(count)]
    arrived = sent + chance.sample(sent, count // 10)
    arrived.sort(key=lambda entry: int.from_bytes(entry.opus, "big") + chance.uniform(0, displaced))
    assert reorder(arrived) == sent


def test_every_sequence_number_is_followed_by_the_next() -> None:
    sent = [packet(number) for number in range(2**17)]
    assert reorder(sent) == sent


def test_what_no_packet_can_come_before_is_not_kept() -> None:
    buffer = Reorder()
    released = [len(buffer.add(packet(number))) for number in range(WINDOW + 10)]
    assert released == [0] * WINDOW + [1] * 10


def test_a_sender_that_starts_anew_loses_nothing() -> None:
    before = [packet(number) for number in range(40_000, 40_100)]
    after = [packet(number) for number in range(20_000, 20_100)]
    assert reorder(before + after) == before + after


@given(st.lists(st.integers(0, 2**16 - 1), max_size=60))
def test_whatever_the_sequence_numbers_nothing_is_lost_but_duplicates(sequences: list[int]) -> None:
    came_out = [entry.sequence for entry in reorder([packet(sequence) for sequence in sequences])]
    assert set(came_out) == set(sequences)
    assert len(came_out) <= len(sequences)
