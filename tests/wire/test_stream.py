"""The replay window and the loss count, held against a model that remembers everything."""

from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.outcome import Outcome
from notetaker.wire.losses import END
from notetaker.wire.stream import WINDOW, Stream


def test_in_order_packets_are_new_through_the_wrap() -> None:
    stream = Stream(1, set())
    assert all(stream.admit(n & 0xFFFF, 0.0) is None for n in range(65000, 65000 + 70000))
    assert stream.lost == 0


def test_the_same_packet_twice_counts_once() -> None:
    stream = Stream(1, set())
    assert stream.admit(65535, 0.0) is None
    assert stream.admit(0, 0.0) is None
    assert stream.admit(65535, 0.0) is Outcome.DUPLICATE
    assert stream.lost == 0


def test_reordered_packets_are_new_even_before_the_first() -> None:
    stream = Stream(1, set())
    assert [stream.admit(n, 0.0) for n in (10, 12, 11, 9)] == [None] * 4
    assert stream.lost == 0


def test_holes_are_losses() -> None:
    stream = Stream(1, set())
    for n in (1, 2, 5, 6, 9):
        stream.admit(n, 0.0)
    assert stream.lost == 4


def test_a_packet_from_behind_the_window_is_refused() -> None:
    stream = Stream(1, set())
    stream.admit(0, 0.0)
    stream.admit(WINDOW, 0.0)
    assert stream.admit(0, 0.0) is Outcome.REPLAY


def test_a_sender_that_starts_anew_is_believed_at_its_second_packet() -> None:
    stream = Stream(1, set())
    stream.admit(30000, 0.0)
    stream.admit(30001, 0.0)
    assert stream.admit(10, 0.0) is Outcome.REPLAY
    assert stream.admit(11, 0.0) is None
    assert stream.admit(12, 0.0) is None
    assert stream.lost == 0


def test_counts_can_start_anew_without_forgetting_what_was_seen() -> None:
    stream = Stream(1, set())
    for n in (1, 5):
        stream.admit(n, 0.0)
    stream.outcomes[Outcome.HEARD] += 2
    stream.restart_counts()
    assert (stream.lost, stream.outcomes.total()) == (0, 0)
    assert stream.admit(5, 0.0) is Outcome.DUPLICATE
    stream.admit(8, 0.0)
    assert stream.lost == 2


@given(st.integers(0, 0xFFFF), st.lists(st.integers(-200, 200), max_size=300), st.booleans())
def test_agrees_with_a_model_that_remembers_everything(start: int, steps: list[int], late: bool) -> None:
    """``late``: each packet comes after what was missing until then has been told as lost."""
    stream, seen, position = Stream(1, set()), set[int](), start + 0x10000
    for step in [0, *steps]:
        position += step
        if seen and position <= max(seen) - WINDOW:
            position = max(seen)  # beyond the window the model does not apply
        if late:
            stream.settle(END)
        verdict = stream.admit(position & 0xFFFF, 0.0)
        assert verdict is (Outcome.DUPLICATE if position in seen else None)
        seen.add(position)
        assert stream.lost == max(seen) - min(seen) + 1 - len(seen)


def test_a_packet_from_before_the_counts_started_anew_is_no_negative_loss() -> None:
    stream = Stream(1, set())
    for n in (1, 4):
        stream.admit(n, 0.0)
    stream.restart_counts()
    assert stream.admit(2, 0.0) is None
    assert stream.lost == 0
    stream.admit(6, 0.0)
    stream.settle(END)
    assert stream.admit(3, 0.0) is None
    assert stream.lost == 1
