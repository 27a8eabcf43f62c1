"""The watch over the UDP path, against networks that lose, delay, fall silent and move, as injected time goes by."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notetaker.model.failure import DeadPath
from notetaker.wire import discovery
from notetaker.wire.path import KEEPALIVE_S, LATE_S, SILENT, SPEAKING, UNHEARD_S, Pace, PathWatch
from tests.wire.conversation import SSRC, discovery_answer

HERE, THERE, ELSEWHERE = ("203.0.113.9", 40000), ("203.0.113.9", 40001), ("203.0.113.9", 40002)
ADA, BEN = 501, 502
BEGAN = 1000.0
SOON_S, LATER_S = 5.0, 20.0
"""Within this a dead path must be noticed: when somebody is marked as speaking, and when nobody is."""


@dataclass
class Network:
    """What lies between the watch and a voice server, which answers ``pings`` and ``discoveries`` or does not."""

    pings: bool = True
    discoveries: bool = True
    websocket: bool = True
    latency_s: float = 0.05
    loss: float = 0.0
    seen_as: tuple[str, int] = HERE
    dead: bool = False
    seed: int = 1
    now: float = BEGAN
    heard: float = -inf
    found: list[tuple[float, DeadPath]] = field(default_factory=list)
    sent: list[tuple[float, int]] = field(default_factory=list)
    """(when, bytes) of the watch's datagrams."""

    def __post_init__(self) -> None:
        self.watch = PathWatch()
        self.watch.discover(SSRC, self.now)
        self.watch.begin(HERE, self.now)
        self.watch.established(self.now)
        self._random = Random(self.seed)
        self._coming: list[tuple[float, bytes]] = []
        self._beat = self.now

    def passes(self, seconds: float, *, sound_every_s: float | None = None) -> None:
        """Timers fire when due, answers arrive, and perhaps somebody speaks."""
        end, next_sound = self.now + seconds, self.now
        while True:
            due = self.watch.due
            assert due is not None
            arrival = min((at for at, _ in self._coming), default=end + 1)
            sound = end + 1 if sound_every_s is None or self.dead else next_sound
            at = max(min(due, arrival, sound), self.now)
            if at > end:
                break
            self.now = at
            if at == sound:
                self.heard, next_sound = at, at + (sound_every_s or 0.0)
            elif at == arrival:
                index = next(i for i, (when, _) in enumerate(self._coming) if when <= at)
                self.watch.answer(self._coming.pop(index)[1], at)
            else:
                self.wakes()
        self.now = end

    def passes_until(self, holds: Callable[[], object]) -> None:
        for _ in range(2000):
            if holds():
                return
            self.passes(0.01)
        raise AssertionError("it never came true")

    def wakes(self) -> None:
        if self.websocket:
            self._beat = self.now
        datagrams = self.watch.handle(self.now, self.heard, self._beat)
        if self.watch.dead is not None:
            self.found.append((self.now, self.watch.dead))
        for data in datagrams:
            self.sent.append((self.now, len(data)))
            answer = self._answer(data)
            if answer is not None and not self.dead and self._random.random() >= self.loss:
                self._coming.append((self.now + self.latency_s, answer))

    def _answer(self, data: bytes) -> bytes | None:
        if len(data) == 8:
            assert data[:4] == b"\x13\x37\xca\xfe"
            return b"\x13\x37\xf0\x0d" + data[4:] if self.pings else None
        assert data == discovery.request(SSRC)
        return discovery_answer(*self.seen_as) if self.discoveries else None

    def noticed_after(self, struck: float) -> float:
        assert self.found, "it was never noticed"
        return self.found[0][0] - struck


def path(*, speaking: bool = False, **how: object) -> Network:
    network = Network(**how)  # type: ignore[arg-type]
    network.watch.mark(ADA, network.now, network.heard, speaking=speaking)
    return network


ANSWERS = [{}, {"pings": False}, {"discoveries": False}]


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("speaking", [False, True])
@settings(max_examples=40)
@given(lived_s=st.floats(1, 40), latency_s=st.floats(0.001, 0.3))
def test_a_path_that_dies_is_noticed_in_time(
    answers: dict[str, bool], speaking: bool, lived_s: float, latency_s: float
) -> None:
    network = path(speaking=speaking, latency_s=latency_s, **answers)
    network.passes(lived_s)
    assert network.found == []
    struck, network.dead = network.now, True
    network.passes(LATER_S)
    assert network.noticed_after(struck) < (SOON_S if speaking else LATER_S)
    assert network.found[0][1] is DeadPath.SILENT
    assert struck - SILENT.quiet_s - 1 <= (network.watch.unproven_since or 0) <= struck + latency_s


@pytest.mark.parametrize("speaking", [False, True])
@settings(max_examples=40)
@given(lived_s=st.floats(0.5, 40), latency_s=st.floats(0.001, 0.3), sound=st.booleans())
def test_another_address_is_noticed_in_time(
    speaking: bool, lived_s: float, latency_s: float, sound: bool
) -> None:
    network = path(speaking=speaking, latency_s=latency_s)
    network.passes(lived_s, sound_every_s=0.1 if sound else None)
    struck, network.seen_as = network.now, THERE
    network.passes(LATER_S)
    assert network.noticed_after(struck) < (SOON_S if speaking else 2 * SILENT.quiet_s + 1)
    assert network.found[0][1] is DeadPath.MOVED
    assert struck - SILENT.quiet_s - 1 <= (network.watch.unproven_since or 0) <= struck + latency_s


def test_a_path_that_dies_while_nobody_is_marked_is_noticed_soon_when_somebody_is() -> None:
    network = path()
    network.passes(7)
    network.dead = True
    network.passes(3)
    marked = network.now
    network.watch.mark(BEN, marked, network.heard, speaking=True)
    network.passes(LATER_S)
    assert network.noticed_after(marked) < SOON_S


@pytest.mark.parametrize("pace", [SILENT, SPEAKING])
def test_a_brief_hole_is_no_death(pace: Pace) -> None:
    network = path(speaking=pace is SPEAKING)
    network.passes(9)
    network.dead = True
    network.passes(pace.tries * pace.retry_s / 2)
    network.dead = False
    network.passes(60)
    assert network.found == []
    assert network.watch.unproven_since is None


@pytest.mark.parametrize("answers", ANSWERS)
@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), speaking=st.booleans())
def test_a_lossy_path_is_not_given_up(answers: dict[str, bool], seed: int, speaking: bool) -> None:
    network = path(speaking=speaking, loss=0.05, seed=seed, **answers)
    network.passes(50, sound_every_s=None)
    assert network.found == []


def test_sound_is_proof_enough() -> None:
    network = path(speaking=True, pings=False, discoveries=False)
    network.passes(600, sound_every_s=1.0)
    assert network.found == []


def test_while_there_is_sound_only_keepalives_are_sent() -> None:
    network = path(speaking=True)
    network.passes(1, sound_every_s=0.02)
    network.sent.clear()
    network.passes(60, sound_every_s=0.02)
    assert {size for _, size in network.sent} == {8}
    times = [at for at, _ in network.sent]
    assert all(0 < after - before <= KEEPALIVE_S + 1e-6 for before, after in pairwise(times))
    assert len(times) == pytest.approx(60 / KEEPALIVE_S, abs=1)


@pytest.mark.parametrize("dead", [False, True])
@pytest.mark.parametrize("speaking", [False, True])
@pytest.mark.parametrize("answers", [*ANSWERS, {"pings": False, "discoveries": False}])
def test_the_server_is_never_left_alone_and_never_flooded(
    answers: dict[str, bool], speaking: bool, dead: bool
) -> None:
    network = path(speaking=speaking, **answers)
    network.passes(10)
    network.dead = dead
    network.passes(600)
    times = [BEGAN, *(at for at, size in network.sent if size == 8), network.now]
    assert max(after - before for before, after in pairwise(times)) <= KEEPALIVE_S + 1e-6
    assert len(times) < 600 / SPEAKING.quiet_s + 20


def test_a_server_that_never_answers_is_not_dead_for_that() -> None:
    network = path(pings=False, discoveries=False)
    network.passes(3600)
    assert network.found == []
    assert network.watch.unproven_since is None


@pytest.mark.parametrize("answers", [{"pings": False, "discoveries": False}, {"discoveries": False}])
def test_where_nothing_proves_the_path_a_long_silence_of_somebody_marked_is_told(
    answers: dict[str, bool],
) -> None:
    network = path(**answers)
    network.passes(30, sound_every_s=0.02)
    struck = network.now
    network.passes(1)
    network.watch.mark(ADA, network.now, network.heard, speaking=True)
    network.passes(UNHEARD_S - SILENT.quiet_s)
    assert network.found == []
    network.passes(2 * SILENT.quiet_s)
    assert UNHEARD_S <= network.noticed_after(struck) <= UNHEARD_S + 1 + SILENT.quiet_s
    assert network.found[0][1] is DeadPath.UNHEARD
    assert network.watch.unproven_since == pytest.approx(struck, abs=0.1)
    network.found.clear()
    network.watch.mark(ADA, network.now, network.heard, speaking=False)
    network.passes(60)
    assert network.found == []


UNPROVED = {"discoveries": False}


def test_who_is_still_marked_after_speaking_may_be_silent() -> None:
    network = path(speaking=True, **UNPROVED)
    network.passes(30, sound_every_s=0.02)
    network.passes(20 * UNHEARD_S)
    assert network.found == []


def test_a_mark_after_a_long_silence_is_given_its_time() -> None:
    network = path(**UNPROVED)
    network.passes(30, sound_every_s=0.02)
    network.passes(10 * UNHEARD_S)
    network.watch.mark(ADA, network.now, network.heard, speaking=True)
    network.passes(UNHEARD_S - 1)
    assert network.found == []
    network.passes(30, sound_every_s=0.02)
    network.passes(10 * UNHEARD_S)
    assert network.found == []


def test_marks_that_are_repeated_do_not_put_off_that_nobody_is_heard() -> None:
    network = path(**UNPROVED)
    network.passes(30, sound_every_s=0.02)
    for _ in range(round(UNHEARD_S) + 2):
        network.passes(1)
        network.watch.mark(ADA, network.now, network.heard, speaking=True)
    assert {cause for _, cause in network.found} == {DeadPath.UNHEARD}


def test_after_a_resume_only_who_is_marked_or_heard_makes_it_urgent() -> None:
    network = path(speaking=True)
    network.passes(10)
    network.watch.resumed()
    network.passes(SILENT.quiet_s)
    network.sent.clear()
    network.passes(60)
    assert len(network.sent) <= 2 * 60 / SILENT.quiet_s + 2
    network.passes(10, sound_every_s=0.02)
    struck, network.dead = network.now, True
    network.passes(LATER_S)
    assert network.noticed_after(struck) < SOON_S


def test_a_ping_alone_does_not_prove_that_sound_arrives() -> None:
    network = path()
    network.passes(6)
    network.seen_as = THERE
    network.passes(2 * SILENT.quiet_s)
    assert {cause for _, cause in network.found} == {DeadPath.MOVED}


def test_an_address_seen_once_is_asked_about_again() -> None:
    network = path()
    network.passes(6)
    network.seen_as = THERE
    network.passes_until(lambda: network._coming)
    network.seen_as = HERE  # the next answer takes it back
    network.passes(60)
    assert network.found == []


def test_sound_after_another_address_was_seen_takes_the_doubt_away() -> None:
    network = path()
    network.passes(6)
    network.seen_as = THERE
    network.passes_until(lambda: network.watch._sightings)
    network.passes(30, sound_every_s=0.02)
    assert network.found == []


def test_with_the_websocket_dead_too_it_is_not_the_path() -> None:
    network = path(speaking=True)
    network.passes(6)
    network.dead, network.websocket = True, False
    network.passes(30)
    assert network.found == []
    network.websocket = True
    network.passes(SOON_S)
    assert network.found[0][1] is DeadPath.SILENT


def test_what_we_slept_through_is_not_held_against_the_path() -> None:
    network = path(speaking=True)
    network.passes(6)
    network.dead = True
    network.passes_until(lambda: network.watch._unanswered == SPEAKING.tries)
    assert network.found == []
    network.now += 30 + LATE_S  # the process was stopped
    network.dead = False
    network.passes(30)
    assert network.found == []


HOSTILE = st.one_of(
    st.binary(max_size=100),
    st.builds(lambda number: b"\x13\x37\xf0\x0d" + number.to_bytes(4, "big"), st.integers(0, 2**32 - 1)),
    st.just(discovery_answer(*THERE, ssrc=SSRC + 1)),
    st.just(discovery.request(SSRC)),
    st.just(discovery_answer(*THERE)[:-1]),
    st.just(discovery_answer("", 1)),
)


@given(st.lists(HOSTILE, max_size=30))
def test_forged_answers_do_not_make_a_path_look_moved(answers: list[bytes]) -> None:
    network = path()
    network.passes(3)
    for answer in answers:
        network.watch.answer(answer, network.now)
    network.passes(60)
    assert network.found == []


def test_an_answer_counts_once_and_only_when_it_was_asked_for() -> None:
    network = path(discoveries=False)
    network.passes(1)
    network.dead = True
    network.passes(SILENT.quiet_s)  # a probe is on its way
    old = b"\x13\x37\xf0\x0d\x00\x00\x00\x01"
    future = b"\x13\x37\xf0\x0d\x00\x00\xff\xff"
    doubts = network.watch._unanswered
    assert doubts > 0
    for forged in (old, future):
        network.watch.answer(forged, network.now)
        assert network.watch._unanswered == doubts
    unasked = path(speaking=True)
    for _ in range(3):
        unasked.watch.answer(discovery_answer(*ELSEWHERE), unasked.now)
    assert unasked.watch._sightings == 0, "nothing has been asked"
    unasked.passes(0.01)
    for _ in range(3):
        unasked.watch.answer(discovery_answer(*ELSEWHERE), unasked.now)
    assert unasked.watch._sightings == 1, "the network has delivered one answer three times"
