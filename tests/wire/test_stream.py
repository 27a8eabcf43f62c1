"""What a stream takes for new, for the same again and for lost, held against a sender and a network that know."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.outcome import Outcome
from notetaker.wire.losses import END
from notetaker.wire.numbering import LATE_S, WINDOW, Mark
from notetaker.wire.stream import Stream

FRAME_S = 0.02


class Line:
    """A stream and the datagrams for it, whose timestamps and nonces follow their positions."""

    def __init__(self) -> None:
        self.stream = Stream(1, set())
        self.nonce = 0

    def takes(self, position: int, now: float | None = None, *, clock: int = 0) -> Outcome | None:
        """A packet as its sender's first one with this position. It takes 20 ms to say."""
        self.nonce += 1
        mark = (position & 0xFFFF, position * 960 + clock & 0xFFFFFFFF, self.nonce.to_bytes(4, "big"), True)
        return self.again(mark, position * FRAME_S if now is None else now)

    def again(self, mark: Mark, now: float = 0.0) -> Outcome | None:
        return self.stream.admit(mark, now)


def mark(position: int) -> Mark:
    """The same datagram whenever it is asked for."""
    return position & 0xFFFF, position * 960 & 0xFFFFFFFF, (position & 0xFFFFFFFF).to_bytes(4, "big"), True


def test_in_order_packets_are_new_through_the_wrap() -> None:
    line = Line()
    assert all(line.takes(n) is None for n in range(65000, 65000 + 70000))
    assert line.stream.lost == 0


def test_the_same_packet_twice_counts_once() -> None:
    line = Line()
    assert [line.again(mark(n)) for n in (65535, 65536, 65535)] == [None, None, Outcome.DUPLICATE]
    assert line.stream.lost == 0


def test_reordered_packets_are_new_even_before_the_first() -> None:
    line = Line()
    assert [line.takes(n) for n in (10, 12, 11, 9)] == [None] * 4
    assert line.stream.lost == 0


def test_holes_are_losses() -> None:
    line = Line()
    for n in (1, 2, 5, 6, 9):
        line.takes(n)
    assert line.stream.lost == 4


def test_a_packet_from_behind_the_window_is_refused() -> None:
    line = Line()
    for n in range(WINDOW + 1):
        line.again(mark(n))
    assert line.again(mark(0)) is Outcome.REPLAY


def test_a_server_whose_nonces_do_not_count_upwards_is_believed_at_the_second_packet() -> None:
    line = Line()
    for sequence, nonce, expected in [
        (30000, 9, None),
        (30001, 8, None),
        (10, 7, Outcome.REPLAY),
        (11, 6, None),
    ]:
        assert line.again((sequence, sequence * 960, nonce.to_bytes(4, "big"), True)) is expected
    assert line.stream.lost == 0


def test_a_sender_whose_clock_stands_still_loses_what_its_numbers_say() -> None:
    line = Line()
    for n in (*range(10), *range(110, 120)):
        line.takes(n, clock=-n * 960)
    assert line.stream.lost == 100


@pytest.mark.parametrize("frame_s", [0.0025, 0.01, 0.02, 0.06])
def test_an_outage_is_a_loss_however_long_frames_are(frame_s: float) -> None:
    line = Line()
    lost = round(10 / frame_s)
    for n in (*range(100), *range(100 + lost, 200 + lost)):
        line.takes(n, n * frame_s, clock=round(n * (frame_s * 48_000 - 960)))
    assert line.stream.lost == lost


@pytest.mark.parametrize("clock", [-(2**31), 70_000_000], ids=["back", "ahead"])
def test_what_is_lost_where_the_clock_jumps_counts(clock: int) -> None:
    line = Line()
    for n in range(500):
        line.takes(n)
    for n in range(510, 600):
        line.takes(n, 60.0 + n * FRAME_S, clock=clock)
    assert line.stream.lost == 10


@pytest.mark.parametrize("restarted", [False, True])
def test_old_datagrams_are_never_new_again(restarted: bool) -> None:
    line = Line()
    for n in range(2000):
        assert line.again(mark(n), n * FRAME_S) is None
    if restarted:
        assert line.again((40_000, 0, (2000).to_bytes(4, "big"), True), 40.0) is None
    assert {line.again(mark(n), 40.0) for n in range(100)} == {Outcome.REPLAY}


def test_a_leap_of_numbers_in_no_time_is_no_loss() -> None:
    line = Line()
    for n in range(50):
        line.takes(n)
    for n in range(50, 60):
        assert line.takes(n + 5000, n * FRAME_S, clock=-5000 * 960) is None
    assert line.stream.lost == 0


def test_a_restart_after_a_long_pause_is_no_loss() -> None:
    line = Line()
    for n in range(50):
        line.takes(n)
    for n in range(5000, 5010):
        assert line.takes(n, n * FRAME_S + 60.0, clock=0x7654_3210) is None
    assert line.stream.lost == 0


def test_a_restart_seconds_later_just_below_the_first_number_is_no_loss() -> None:
    line = Line()
    for n in (*range(2000, 2050), *range(1900, 1960)):
        pause_s = 0.0 if n >= 2000 else 150 * FRAME_S + LATE_S
        assert line.takes(n, n * FRAME_S + pause_s, clock=-n * 960) is None
    assert line.stream.lost == 0


def test_a_packet_that_was_sealed_before_is_late_however_long_it_took() -> None:
    line = Line()
    for n in (*range(50), *range(51, 60)):
        line.again(mark(n), n * FRAME_S)
    assert line.again(mark(50), 60 * FRAME_S + LATE_S) is None
    assert line.stream.lost == 0


def test_a_network_that_was_down_for_a_minute_lost_all_of_it() -> None:
    line = Line()
    for n in (*range(50), *range(3050, 3100)):
        assert line.takes(n) is None
    assert line.stream.lost == 3000


def test_a_packet_that_the_server_sealed_twice_does_not_move_the_stream() -> None:
    line = Line()
    for n in (*range(100), 60, *range(100, 200)):
        assert line.takes(n, 0.0) is None, "by its nonce it is another packet"
    assert line.stream.lost == 0


def test_counts_can_start_anew_without_forgetting_what_was_seen() -> None:
    line = Line()
    for n in (1, 5):
        line.again(mark(n))
    line.stream.outcomes[Outcome.HEARD] += 2
    line.stream.restart_counts()
    assert (line.stream.lost, line.stream.outcomes.total()) == (0, 0)
    assert line.again(mark(5)) is Outcome.DUPLICATE
    line.again(mark(8))
    assert line.stream.lost == 2


def test_a_packet_from_before_the_counts_started_anew_is_no_negative_loss() -> None:
    line = Line()
    for n in (1, 4):
        line.takes(n)
    line.stream.restart_counts()
    assert line.takes(2) is None
    assert line.stream.lost == 0
    line.takes(6)
    line.stream.settle(END)
    assert line.takes(3) is None
    assert line.stream.lost == 1


@given(st.integers(0, 0xFFFF), st.lists(st.integers(-200, 60), max_size=300), st.booleans())
def test_agrees_with_a_model_that_remembers_everything(start: int, steps: list[int], late: bool) -> None:
    """``late``: each packet comes after what was missing until then has been told as lost."""
    line, seen, position = Line(), set[int](), start + 0x10000
    for step in [0, *steps]:
        position += step
        if seen and position <= max(seen) - WINDOW:
            position = max(seen)  # beyond the window the model does not apply
        if late:
            line.stream.settle(END)
        verdict = line.again(mark(position))
        assert verdict is (Outcome.DUPLICATE if position in seen else None)
        seen.add(position)
        assert line.stream.lost == max(seen) - min(seen) + 1 - len(seen)


@dataclass
class Sender:
    """Sends runs of packets. Each begins at any number, at a time that its clock cannot have."""

    random: random.Random
    sent: list[tuple[int, float, Mark]] = field(default_factory=list)
    """Run, when it arrives, datagram."""

    def runs(self, lengths: list[int]) -> None:
        now, timestamp, sequence = 0.0, self.random.getrandbits(32), self.random.getrandbits(16)
        for run, length in enumerate(lengths):
            for number in range(length):
                sound = number in (0, length - 1) or self.random.random() < 0.9
                nonce = len(self.sent).to_bytes(4, "big")
                late_s = self.random.choice([0.0, 0.0, 0.0, 0.05]) if sound and number else 0.0
                packet = (sequence & 0xFFFF, timestamp & 0xFFFFFFFF, nonce, sound)
                self.sent.append((run, now + late_s, packet))
                sequence += 1
                if sound:
                    now += FRAME_S
                    timestamp += 960
            pause_s = self.random.choice([0.0, 0.5, 60.0])
            now += pause_s
            near = self.random.choice([-1, 1]) * self.random.randint(200, WINDOW)
            far = sequence + self.random.randint(
                WINDOW, 0xFFFF
            )  # a number that is little ahead would be the next
            sequence = self.random.choice([sequence + near, far])
            timestamp += self.random.randint(2**27, 2**32 - 2**21)


@given(st.integers(), st.lists(st.integers(5, 150), min_size=1, max_size=6), st.floats(0, 0.3))
def test_a_sender_that_restarts_loses_nothing_by_it(seed: int, lengths: list[int], loss: float) -> None:
    chance = random.Random(seed)
    sender = Sender(chance)
    sender.runs(lengths)
    arriving = [sent for sent in sender.sent if chance.random() >= loss]
    arriving += [(run, at + 0.03, packet) for run, at, packet in arriving if chance.random() < 0.1]
    line, seen = Line(), set[Mark]()
    for _, at, packet in sorted(arriving, key=lambda sent: sent[1]):
        assert line.again(packet, at) is (Outcome.DUPLICATE if packet in seen else None)
        seen.add(packet)
    lost = 0
    for run in range(len(lengths)):
        came = [index for index, sent in enumerate(sender.sent) if sent[0] == run and sent[2] in seen]
        lost += came[-1] - came[0] + 1 - len(came) if came else 0
    assert line.stream.lost == lost
