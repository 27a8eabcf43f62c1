"""When it was said: each packet's place in its track and in the transcript, against the truth.

Nobody's arrival times can be trusted, nor can anybody's clock.
"""

import random
from pathlib import Path

import pytest

from notetaker.recording.utterances import QUIET_BYTES
from tests.timeline.meeting import Clock, Sender, Turn, Way, at_once, every, record, send, track

SENTENCES = [Turn(1.0, 8.0), Turn(11.0, 6.0), Turn(17.7, 4.0), Turn(30.0, 8.0)]


def stall(start_s: float, end_s: float) -> Way:
    """Everything of that time comes when it is over."""
    return lambda at_s, _: max(end_s - at_s, 0.0) if at_s >= start_s else 0.0


def slow_to_recover(start_s: float, end_s: float) -> Way:
    """What waited comes at twice the speed of speech."""
    return lambda at_s, _: max(end_s - start_s - (at_s - start_s) / 2, 0.0) if at_s >= start_s else 0.0


def jitter(at_s: float, chance: random.Random) -> float:
    return min(chance.expovariate(1 / 0.03), 0.25)


def lossy(share: float) -> Way:
    return lambda _, chance: None if chance.random() < share else jitter(_, chance)


def overtaken(at_s: float, chance: random.Random) -> float:
    return 0.07 if chance.random() < 0.1 else 0.0


def outage(start_s: float, end_s: float) -> Way:
    """Nothing of that time comes at all."""
    return lambda at_s, _: None if start_s <= at_s < end_s else 0.0


def both(one: Way, other: Way) -> Way:
    def way(at_s: float, chance: random.Random) -> float | None:
        delays = one(at_s, chance), other(at_s, chance)
        return None if None in delays else sum(delay for delay in delays if delay is not None)

    return way


@pytest.mark.parametrize(
    "way",
    [
        pytest.param(stall(4.0, 4.7), id="stall of 0.7 s"),
        pytest.param(stall(4.0, 6.0), id="stall of 2 s"),
        pytest.param(stall(4.0, 8.0), id="stall of 4 s"),
        pytest.param(stall(0.0, 3.0), id="stall at the beginning"),
        pytest.param(stall(7.0, 12.0), id="stall over a pause"),
        pytest.param(stall(37.0, 40.0), id="stall at the end"),
        pytest.param(slow_to_recover(3.0, 5.0), id="recovers slowly"),
        pytest.param(jitter, id="jitter"),
        pytest.param(lossy(0.1), id="loss and jitter"),
        pytest.param(outage(3.0, 6.0), id="outage"),
        pytest.param(overtaken, id="packets overtaken"),
        pytest.param(both(jitter, stall(4.0, 7.0)), id="jitter and a stall of 3 s"),
        pytest.param(both(lossy(0.05), stall(12.0, 14.0)), id="loss and a stall of 2 s"),
    ],
)
def test_the_network_of_a_speaker_does_not_move_what_they_say(tmp_path: Path, way: Way) -> None:
    record(tmp_path, [Sender(SENTENCES, way=way)]).check(within_s=0.1)


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize("stalls", [(4.0, 7.0), (10.0, 18.0)])
def test_a_host_that_stands_still_does_not_either(
    tmp_path: Path, stalls: tuple[float, float], stamped: bool
) -> None:
    people = [Sender(SENTENCES, way=jitter), Sender(SENTENCES, way=jitter, user_id=8, speaker="Chloe")]
    recorded = record(tmp_path, people, read_late=stall(*stalls), stamped=stamped)
    recorded.check(within_s=0.1)
    if stamped:
        assert len(recorded.utterances) == 2 * len(SENTENCES), "none is cut"


@pytest.mark.parametrize("together", [(3,), (1, 3), (1, 1, 3, 2), (6, 1)])
def test_packets_may_last_longer_and_shorter(tmp_path: Path, together: tuple[int, ...]) -> None:
    record(tmp_path, [Sender(SENTENCES, together=together, padding_chance=0.05)]).check(within_s=0.1)


def stands_still_in_pauses(n: int, at_s: float) -> float:
    return 960.0 * n


def jumps_back(n: int, at_s: float) -> float:
    return at_s * 48_000 - (5_000_000 if n > 500 else 0)


def jumps_ahead(every: int, by_s: float) -> Clock:
    return lambda n, at_s: (at_s + n // every * by_s) * 48_000


def claims_longer_pauses(n: int, at_s: float) -> float:
    return (at_s + sum(at_s >= turn.start_s for turn in SENTENCES)) * 48_000


def starts_late(n: int, at_s: float) -> float:
    return at_s * 48_000 if n > 70 else 0.0


@pytest.mark.parametrize("way", [at_once, jitter])
@pytest.mark.parametrize(
    "clock",
    [
        pytest.param(stands_still_in_pauses, id="stands still in pauses"),
        pytest.param(lambda n, at_s: 0.0, id="always the same"),
        pytest.param(lambda n, at_s: n // 2 * 1920.0, id="the same in pairs"),
        pytest.param(starts_late, id="the same at first"),
        pytest.param(lambda n, at_s: at_s * 1000, id="milliseconds"),
        pytest.param(lambda n, at_s: 320.0 * n, id="16 kHz"),
        pytest.param(lambda n, at_s: 1920.0 * n, id="twice as fast"),
        pytest.param(jumps_back, id="jumps back"),
        pytest.param(jumps_ahead(300, by_s=0.5), id="jumps ahead"),
        pytest.param(jumps_ahead(500, by_s=2.0), id="jumps far ahead"),
        pytest.param(jumps_ahead(50, by_s=0.02), id="jumps ahead a little"),
        pytest.param(claims_longer_pauses, id="claims longer pauses"),
        pytest.param(lambda n, at_s: -at_s * 48_000, id="backwards"),
        pytest.param(lambda n, at_s: n * 0x9E3779B1 % 2**32, id="random"),
    ],
)
def test_a_clock_that_tells_no_time_orders_nothing(tmp_path: Path, clock: Clock, way: Way) -> None:
    record(tmp_path, [Sender(SENTENCES, clock, way=way)]).check(within_s=0.1)


@pytest.mark.parametrize("marks", [True, False])
def test_who_restarts_within_one_ssrc_goes_on_in_time(tmp_path: Path, marks: bool) -> None:
    record(tmp_path, [Sender(SENTENCES, restarts=True, marks=marks, way=jitter)]).check(within_s=0.1)


def test_sequence_and_timestamp_wrap(tmp_path: Path) -> None:
    wrapping = Sender(SENTENCES, timestamp=2**32 - 960 * 200, sequence=65_500, way=overtaken)
    record(tmp_path, [wrapping]).check(within_s=0.1)


@pytest.mark.parametrize("begins_s", [3.0, 9.5, 14.0])
def test_a_new_voice_session_continues_in_time(tmp_path: Path, begins_s: float) -> None:
    """Clocks, sequences and SSRCs of the others go on."""
    people = [Sender(SENTENCES), Sender(SENTENCES, stands_still_in_pauses, user_id=8, speaker="Ben")]
    record(tmp_path, people, sessions=[begins_s, begins_s + 5]).check(within_s=0.1)


@pytest.mark.parametrize(
    ("turns", "way", "sessions"),
    [
        pytest.param([Turn(1.0, 1.2), Turn(5.0, 1.0)], stall(0.0, 3.0), [], id="at the beginning"),
        pytest.param(
            [Turn(1.0, 8.0), Turn(12.0, 1.5), Turn(20.0, 5.0)],
            stall(11.5, 14.4),
            [10.5],
            id="in a new session",
        ),
    ],
)
def test_an_utterance_that_came_late_altogether_is_in_its_place_in_the_end(
    tmp_path: Path, turns: list[Turn], way: Way, sessions: list[float]
) -> None:
    record(tmp_path, [Sender(turns, way=way)], sessions=sessions).check(within_s=0.1, live=False)


THREE_HOURS_S = 3 * 3600.0


def test_two_whose_clocks_drift_apart_stay_together_for_three_hours(tmp_path: Path) -> None:
    turns = every(120.0, 1.5, THREE_HOURS_S)
    people = [
        Sender(turns, ppm=200.0, way=jitter, user_id=7, speaker="Ada"),
        Sender(turns, ppm=-200.0, way=jitter, user_id=8, speaker="Ben"),
    ]
    recorded = record(tmp_path, people)
    recorded.check(within_s=0.04)
    for person in people:
        assert speech_is_whole(tmp_path, person)


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
def test_a_drifting_clock_is_corrected_in_pauses_of_any_kind(tmp_path: Path, ppm: float) -> None:
    """Short ones between long sentences, as in a lecture: 60 ms in all."""
    lecturer = Sender(every(25.5, 25.0, 310.0), ppm=ppm, way=jitter)
    record(tmp_path, [lecturer]).check(within_s=0.04)
    assert speech_is_whole(tmp_path, lecturer)


def speech_is_whole(folder: Path, sender: Sender) -> bool:
    """Whether nothing was put between two packets of a turn."""
    placed = list(track(folder, sender.user_id))
    said = [one.at_s for one in send(sender)]
    return all(
        abs(placed[k + 1][0] - placed[k][0] - 0.02) < 1e-6
        for k in range(len(placed) - 1)
        if said[k + 1] - said[k] < 0.021 and len(placed[k][1]) > QUIET_BYTES
    )
