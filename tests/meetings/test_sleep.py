"""A computer that sleeps while a meeting is recorded, on a real recorder."""

from pathlib import Path

import pytest

from notetaker.meetings.live import LiveMeeting
from notetaker.model.transcript import Gap
from notetaker.recording.clock import MeetingClock, Moment
from tests.harness.clocks import Clocks
from tests.harness.office import SENTENCE
from tests.meetings.lives import ADA, MEETING, SECOND, SSRC, STARTED, FullDisk, gaps, say, utterances


@pytest.fixture
def clocks() -> Clocks:
    """At monotonic 100.0, when the meeting starts."""
    return Clocks(lambda: Moment(100.0, 300 * SECOND, STARTED, None))


@pytest.fixture
def live(tmp_path: Path, clocks: Clocks) -> LiveMeeting:
    return LiveMeeting(MEETING, tmp_path / MEETING.id, MeetingClock(clocks), lambda: None)


@pytest.mark.parametrize("back", [True, False])
def test_while_the_computer_sleeps_nothing_is_heard(live: LiveMeeting, clocks: Clocks, back: bool) -> None:
    live.session_opened(100.0)
    clocks.sleep(3600.0)
    live.session_closed(101.0, "voice session lost (4006)")
    if back:
        live.session_opened(103.0)
    live.stop(105.0)
    [gap] = gaps(live)
    assert gap.started_ns == STARTED + SECOND
    assert gap.ended_ns == STARTED + (3600 + (3 if back else 5)) * SECOND
    assert live.meeting.ended_ns == STARTED + 3605 * SECOND


def asleep(gap: Gap, slept_s: float) -> bool:
    return gap.cause == "the computer was asleep" and gap.ended_ns - gap.started_ns == slept_s * SECOND


@pytest.mark.parametrize("ticks", [True, False])
def test_a_voice_session_that_outlives_a_sleep_goes_on_behind_it(
    live: LiveMeeting, clocks: Clocks, ticks: bool
) -> None:
    live.session_opened(100.0)
    live.speaker_joined(ADA, SSRC, 100.0)
    before = say(live, 100.0)
    live.tick(105.0)
    clocks.sleep(40.0)
    if ticks:
        live.tick(105.4)
    say(live, 106.5, first=50 + 45 * 50)
    live.session_closed(120.0, "voice session lost (4006)")
    live.session_opened(121.0)
    live.stop(122.0)
    slept, lost = gaps(live)
    noticed = STARTED + round((5.4 if ticks else 6.5) * SECOND)
    assert asleep(slept, 40.0)
    assert slept.started_ns == noticed
    assert (lost.started_ns, lost.ended_ns) == (STARTED + 60 * SECOND, STARTED + 61 * SECOND)
    first, second = utterances(live)
    assert first.ended_ns == STARTED + round((before - 100) * SECOND)
    assert second.started_ns >= slept.ended_ns
    assert second.started_ns == STARTED + round(46.5 * SECOND)
    assert (first.user_id, second.user_id, live.stored) == (ADA, ADA, {ADA: 2 * len(SENTENCE)})
    assert live.meeting.ended_ns == STARTED + 62 * SECOND


def test_a_sleep_in_mid_sentence_ends_it(live: LiveMeeting, clocks: Clocks) -> None:
    live.session_opened(100.0)
    say(live, 100.0)
    clocks.sleep(40.0)
    live.tick(101.0)
    say(live, 101.0, first=len(SENTENCE))
    live.stop(103.0)
    [gap] = gaps(live)
    assert asleep(gap, 40.0)
    first, second = utterances(live)
    assert first.ended_ns <= gap.ended_ns <= second.started_ns
    assert first.packets == second.packets == len(SENTENCE)


@pytest.mark.parametrize("restarts", [True, False])
@pytest.mark.parametrize("closes", [True, False])
def test_a_sleep_just_before_the_end_is_a_gap_too(
    live: LiveMeeting, clocks: Clocks, closes: bool, restarts: bool
) -> None:
    live.session_opened(100.0)
    say(live, 100.0)
    live.tick(103.0)
    clocks.sleep(40.0)
    live.leave()
    if closes:
        live.session_closed(103.2, "we left")
    (live.suspend if restarts else live.stop)(103.3)
    [gap] = gaps(live)
    assert asleep(gap, 40.0)
    if restarts:
        [away] = live.state.gaps
        assert away.started_ns == STARTED + round((43.2 if closes else 43.3) * SECOND)
    else:
        assert live.meeting.ended_ns == STARTED + round(43.3 * SECOND)


def test_a_sleep_while_the_disk_is_full_ends_when_it_takes_the_sound_again(
    live: LiveMeeting, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(live.recorder, monkeypatch)
    live.session_opened(100.0)
    say(live, 100.0)
    disk.full = True
    clocks.sleep(40.0)
    live.tick(103.0)
    disk.full = False
    say(live, 105.0, first=len(SENTENCE))
    live.stop(107.0)
    assert {(gap.cause, gap.ended_ns) for gap in gaps(live)} >= {
        ("the computer was asleep", STARTED + 45 * SECOND)
    }
    assert [one.started_ns for one in utterances(live)][1:] == [STARTED + 45 * SECOND]
