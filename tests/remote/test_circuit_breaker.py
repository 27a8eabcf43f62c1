import pytest

from notetaker.remote.circuit_breaker import FAILURES, LONGEST_PAUSE_S, CircuitBreaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(clock)


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        assert breaker.held_back_s() == 0
        breaker.failed()


def test_failures_count_only_in_a_row(breaker: CircuitBreaker) -> None:
    for _ in range(3):
        fail(breaker, FAILURES - 1)
        breaker.succeeded()
    assert breaker.held_back_s() == 0


def test_one_request_goes_through_after_the_pause(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    assert breaker.held_back_s() == 5
    clock.now += 2
    assert breaker.held_back_s() == 3
    clock.now += 3
    assert breaker.held_back_s() == 0
    assert breaker.held_back_s() > 0  # the second one waits for the outcome of the first
    breaker.succeeded()
    assert breaker.held_back_s() == 0
    assert breaker.held_back_s() == 0


def test_pauses_grow_up_to_a_limit(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, FAILURES)
    pauses = []
    for _ in range(8):
        pauses.append(breaker.held_back_s())
        clock.now += pauses[-1]
        fail(breaker)
    assert pauses == [5, 10, 20, 40, 80, 160, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_requests_that_fail_together_count_as_one_pause(breaker: CircuitBreaker) -> None:
    for _ in range(FAILURES + 3):
        assert breaker.held_back_s() == 0
    for _ in range(FAILURES + 3):
        breaker.failed()
    assert breaker.held_back_s() == 5


def test_a_server_is_left_alone_for_as_long_as_it_asks(breaker: CircuitBreaker, clock: Clock) -> None:
    breaker.hold_back(40)
    assert breaker.held_back_s() == 40
    clock.now += 40
    fail(breaker)
    assert breaker.held_back_s() == 80
    breaker.hold_back(1e9)
    assert breaker.held_back_s() == LONGEST_PAUSE_S
