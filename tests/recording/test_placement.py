"""Where packets are placed, whatever senders and networks make of their numbers and times."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.recording.placement import DRIFT, EARLY_NS, REORDERED, StreamClock

MS = 1_000_000
LONGEST_NS = 120 * MS
"""What an Opus packet lasts at most."""
PACKETS = st.lists(
    st.tuples(
        st.integers(0, 2**16 - 1) | st.integers(0, 40),  # sequence
        st.integers(0, 2**32 - 1) | st.integers(0, 40_000),  # timestamp
        st.integers(0, 2_000_000 * MS) | st.integers(0, 1000 * MS),  # arrival after the one before
        st.sampled_from([120, 480, 960, 2880, 5760]),  # how long it lasts
    ),
    max_size=60,
)


@given(PACKETS, st.integers(1, 60))
def test_no_packet_can_confuse_it(packets: list[tuple[int, int, int, int]], together: int) -> None:
    """Nothing is placed after its arrival, nor before the first arrival by more than packets may come too early, or
    be overtaken.
    """
    clock = StreamClock()
    arrivals: list[int] = []
    places: list[int] = []
    arrival_ns = 0
    for count, (sequence, timestamp, later_ns, lasts) in enumerate(packets, start=1):
        arrival_ns += later_ns
        arrivals.append(arrival_ns)
        clock.add(sequence, timestamp, arrival_ns, lasts)
        if not count % together:
            places += clock.settle()
    places += clock.settle()
    assert len(places) == len(arrivals)
    assert all(place <= arrival for place, arrival in zip(places, arrivals, strict=True))
    assert all(place >= arrivals[0] - EARLY_NS - REORDERED * LONGEST_NS for place in places)


def test_settling_in_between_changes_little() -> None:
    """A stall in the middle, settled before, within and after."""
    packets = [(n, 960 * n, max(20 * n, 3000 if n >= 100 else 0) * MS, 960) for n in range(400)]
    for together in (1, 7, 400):
        clock = StreamClock()
        places: list[int] = []
        for count, packet in enumerate(packets, start=1):
            clock.add(*packet)
            if not count % together:
                places += clock.settle()
        places += clock.settle()
        late = [place - 20 * n * MS for n, place in enumerate(places)]
        assert all(0 <= one <= 20 * 400 * MS // DRIFT for one in late)


def test_who_speaks_faster_than_time_goes_by_is_placed_near_the_arrival() -> None:
    clock = StreamClock()
    for n in range(3000):
        clock.add(n, 960 * n, 10 * n * MS, 960)
    places = clock.settle()
    assert all(0 <= 10 * n * MS - place <= EARLY_NS + 2000 * MS for n, place in enumerate(places))


@pytest.mark.parametrize("hours", [1, 13])
def test_a_pause_may_last_longer_than_the_timestamp_can_tell(hours: int) -> None:
    clock = StreamClock()
    sent = [*range(50), *range(hours * 180_000, hours * 180_000 + 50)]
    for n, frame in enumerate(sent):
        clock.add(n, 960 * frame % 2**32, 20 * frame * MS, 960)
    assert clock.settle().tolist() == pytest.approx([20 * frame * MS for frame in sent], abs=MS)


def test_a_long_backlog_that_comes_at_once_takes_little_time() -> None:
    """Each packet is so late that its sender's clock might have stood still: those after it show that it did not."""
    clock = StreamClock()
    count = 20_000
    for n in range(count):
        clock.add(n, 960 * n, max(20 * n, 20 * count if n >= 50 else 0) * MS + n, 960)
    began_s = time.process_time()
    places = clock.settle()
    assert time.process_time() - began_s < 2.0
    assert places.tolist() == pytest.approx([20 * n * MS for n in range(count)], abs=20 * count * MS // DRIFT)
