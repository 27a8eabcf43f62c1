"""A meeting's time, whatever happens to the clocks of the computer."""

import time

import pytest

from notetaker.recording.clock import MeetingClock, Moment, SignOfLife, read_clocks
from tests.harness.clocks import Clocks

STARTED = 1_795_357_805_000_000_000
SECOND = 1_000_000_000
ALIVE = SignOfLife("this boot", 500 * SECOND, STARTED + 7200 * SECOND, STARTED)
"""In a meeting whose wall clock was set forth by two hours."""


class Now:
    """The true time, in seconds since a meeting's start, by which a test lets it pass."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> Moment:
        ns = round(self.s * 1e9)
        return Moment(100 + self.s, 300 * SECOND + ns, STARTED + ns, None)


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def clocks(now: Now) -> Clocks:
    return Clocks(now)


@pytest.mark.parametrize("by_s", [-86_400, -3600, -0.5, 0, 0.5, 3600, 10**9])
def test_a_wall_clock_that_is_set_changes_nothing(now: Now, clocks: Clocks, by_s: float) -> None:
    clock = MeetingClock(clocks)
    clocks.set(by_s)
    now.s = 60
    clock.notice_sleep()
    assert [clock.at(100.0), clock.at(160.0)] == [STARTED, STARTED + 60 * SECOND]
    assert clock.sign().meeting_ns == STARTED + 60 * SECOND


def test_time_in_which_the_computer_slept_counts_from_the_next_session_on(now: Now, clocks: Clocks) -> None:
    clock = MeetingClock(clocks)
    now.s = 10
    clocks.sleep(3600)
    assert clock.at(110.0) == STARTED + 10 * SECOND, "the session that is still open does not leap"
    clock.notice_sleep()
    assert clock.at(110.0) == STARTED + 3610 * SECOND


def test_a_crash_after_a_sleep_that_nobody_noticed_leaves_it_to_the_gap(now: Now, clocks: Clocks) -> None:
    clock = MeetingClock(clocks)
    now.s = 10
    clocks.sleep(3600)
    alive = clock.sign()
    assert alive.meeting_ns == STARTED + 10 * SECOND
    now.s = 15
    assert MeetingClock(clocks, alive).began_ns == STARTED + 3615 * SECOND


@pytest.mark.parametrize("delay_s", [0.0, 0.01, -0.01])
def test_the_moment_between_two_readings_is_no_sleep(now: Now, clocks: Clocks, delay_s: float) -> None:
    clock = MeetingClock(clocks)
    clocks.sleep(delay_s)
    clock.notice_sleep()
    assert clock.at(100.0) == STARTED


@pytest.mark.parametrize("by_s", [-3600, 0, 3600])
def test_another_life_of_the_bot_goes_on_with_the_same_time(now: Now, clocks: Clocks, by_s: float) -> None:
    before = MeetingClock(clocks)
    clocks.set(7200)
    now.s = 50
    alive = before.sign()
    clocks.set(by_s)
    now.s = 80
    after = MeetingClock(clocks, alive)
    assert after.began_ns == STARTED + 80 * SECOND
    assert after.at(181.5) == before.at(181.5)


@pytest.mark.parametrize(
    ("boot_id", "boot_s", "wall_s", "elapsed_s"),
    [
        pytest.param(
            "this boot", 560, 99_999, 60, id="the same start of the computer: the wall clock is not asked"
        ),
        pytest.param("this boot", 490, 60, 0, id="never less than zero"),
        pytest.param("next boot", 20, 90, 90, id="another start: only the wall clock knows"),
        pytest.param("next boot", 20, -5000, 20, id="another start, and a wall clock that lags behind"),
        pytest.param(None, 900, 90, 90, id="an unknown start: it may be the same"),
        pytest.param(None, 900, -90, 0, id="an unknown start, and a wall clock that lags behind"),
    ],
)
def test_time_that_has_passed_since_a_sign_of_life(
    boot_id: str | None, boot_s: int, wall_s: int, elapsed_s: int
) -> None:
    now = Moment(0.0, boot_s * SECOND, ALIVE.unix_ns + wall_s * SECOND, boot_id)
    assert ALIVE.elapsed_ns(now) == elapsed_s * SECOND


def test_a_sign_of_life_of_an_unknown_start_of_the_computer_tells_the_wall_clock_only() -> None:
    alive = ALIVE._replace(boot_id=None)
    now = Moment(0.0, 9 * SECOND, ALIVE.unix_ns + 7 * SECOND, "next boot")
    assert alive.elapsed_ns(now) == 7 * SECOND


def test_a_later_sign_of_life_is_later_on_all_clocks() -> None:
    later = ALIVE.later(3 * SECOND)
    assert later == SignOfLife("this boot", 503 * SECOND, STARTED + 7203 * SECOND, STARTED + 3 * SECOND)


def test_this_computer_has_these_clocks() -> None:
    before, moment, after = time.monotonic(), read_clocks(), time.monotonic()
    assert before <= moment.monotonic <= after
    assert moment.boot_ns >= before * 1e9
    assert abs(moment.unix_ns - time.time_ns()) < 10 * SECOND
    assert moment.boot_id
    assert moment.boot_id == read_clocks().boot_id
