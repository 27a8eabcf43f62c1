"""Meetings in which somebody sets the wall clock or starts the computer again, on a real journal, store and queue."""

import asyncio
import json

import pytest

from notetaker.model.meeting import Meeting, MeetingState
from notetaker.recording.tracks import write_tracks
from tests.harness.bench import ADA, GUILD, Bench

SECOND = 1_000_000_000
LONGEST_NS = 60 * SECOND
"""No test here takes so long."""
MOMENT_S = 0.2
CRASHED, RESTARTED = "the note-taker had stopped unexpectedly", "the note-taker was restarted"


async def go_away(bench: Bench, crash: bool) -> None:
    await (bench.tick(asyncio.get_running_loop().time()) if crash else bench.meetings.close())


async def come_back(bench: Bench) -> None:
    """A restart takes longer than a packet, else it is no gap."""
    bench.clocks.sleep(MOMENT_S)
    await bench.restart()


async def heard_twice(bench: Bench, meeting: Meeting, away_s: float = 0.0) -> str:
    """The meeting has two utterances with a gap between them, of which this returns the cause. All is in order, and
    lasts as long as it did, give or take ``LONGEST_NS``.
    """
    stopped = await bench.stop()
    assert stopped is not None
    ended_ns = stopped.meeting.ended_ns
    assert ended_ns is not None
    first, second = bench.store.utterances(meeting.id)
    assert (first.clip.segment, second.clip.segment) == (1, 2)
    [gap] = bench.store.gaps(meeting.id)
    times = [meeting.started_ns, first.started_ns, gap.started_ns, gap.ended_ns, second.started_ns, ended_ns]
    assert times == sorted(times)
    away_ns = round(away_s * SECOND)
    assert away_ns <= gap.ended_ns - gap.started_ns < away_ns + LONGEST_NS
    assert ended_ns - meeting.started_ns < away_ns + LONGEST_NS
    [track] = write_tracks(bench.folder / meeting.id, meeting.started_ns)
    assert track.user_id == ADA
    assert track.duration_ms * 1_000_000 < away_ns + LONGEST_NS
    return gap.cause


@pytest.mark.parametrize("by_s", [-3600.0, 3600.0])
async def test_a_clock_set_between_two_voice_sessions_is_no_gap(bench: Bench, by_s: float) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    assert bench.voice.sink is not None
    time = asyncio.get_running_loop().time
    bench.voice.sink.session_closed(time(), "voice session lost (4006)")
    bench.clocks.set(by_s)
    bench.clocks.sleep(MOMENT_S)
    bench.voice.sink.session_opened(time())
    bench.voice.hear()
    assert await heard_twice(bench, meeting) == "voice session lost (4006)"


@pytest.mark.parametrize("by_s", [-7200.0, 7200.0])
@pytest.mark.parametrize("when", ["before", "while away", "just before"])
@pytest.mark.parametrize("crash", [True, False])
async def test_a_clock_that_is_set_ends_no_meeting(bench: Bench, by_s: float, when: str, crash: bool) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    if when == "before":
        bench.clocks.set(by_s)
        await bench.tick()
    elif when == "just before":
        await bench.tick()
        bench.clocks.set(by_s)
    await go_away(bench, crash)
    if when == "while away":
        bench.clocks.set(by_s)
    await come_back(bench)
    assert bench.meetings.meeting(GUILD) == meeting
    bench.voice.hear()
    assert await heard_twice(bench, meeting) == (CRASHED if crash else RESTARTED)


async def test_how_long_the_bot_was_away_is_not_asked_of_a_clock_that_was_set(bench: Bench) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    await go_away(bench, crash=True)
    bench.clocks.set(7200)
    bench.clocks.sleep(300)
    await come_back(bench)
    bench.voice.hear()
    assert await heard_twice(bench, meeting, away_s=300) == CRASHED


async def test_a_clock_that_is_set_back_keeps_no_old_meeting_alive(bench: Bench) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    await go_away(bench, crash=True)
    bench.clocks.set(-7200)
    bench.clocks.sleep(901)
    await come_back(bench)
    assert bench.meetings.meeting(GUILD) is None
    [ended] = bench.store.meetings_in(MeetingState.FINISHING)
    assert ended.ended_ns is not None
    [gap] = bench.store.gaps(meeting.id)
    assert ended.started_ns <= ended.ended_ns == gap.started_ns
    assert 901 * SECOND <= gap.ended_ns - gap.started_ns < 901 * SECOND + LONGEST_NS


@pytest.mark.parametrize("lags_s", [0.0, -3600.0, -1e8])
async def test_after_another_start_of_the_computer_time_goes_on(bench: Bench, lags_s: float) -> None:
    """One without a battery for its clock starts with the time of its last shutdown, or with 1970."""
    meeting = await bench.start()
    bench.voice.hear()
    await go_away(bench, crash=True)
    bench.clocks.start_again()
    bench.clocks.set(lags_s)
    await come_back(bench)
    bench.voice.hear()
    assert await heard_twice(bench, meeting) == CRASHED


async def test_a_wall_clock_that_was_wrong_until_the_computer_was_started_again_ends_no_meeting(
    bench: Bench,
) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    bench.clocks.set(7200)  # it is right from now on
    await go_away(bench, crash=True)
    bench.clocks.start_again()
    bench.clocks.set(60)  # which takes a minute
    await come_back(bench)
    bench.voice.hear()
    assert await heard_twice(bench, meeting, away_s=60) == CRASHED


async def test_after_another_start_a_meeting_older_than_the_window_is_finished(bench: Bench) -> None:
    meeting = await bench.start()
    await go_away(bench, crash=True)
    bench.clocks.start_again()
    bench.clocks.set(901)
    await come_back(bench)
    assert [one.id for one in bench.store.meetings_in(MeetingState.FINISHING)] == [meeting.id]


@pytest.mark.parametrize("by_s", [-1800.0, 1800.0])
async def test_of_several_meetings_the_latest_goes_on_whatever_the_clock_said(
    bench: Bench, by_s: float
) -> None:
    await bench.start()
    await go_away(bench, crash=True)
    bench.clocks.set(by_s)
    bench.begin(900.0)
    second = await bench.start()
    await go_away(bench, crash=True)
    await come_back(bench)
    assert bench.meetings.meeting(GUILD) == second
    await bench.stop()


async def test_a_meeting_of_an_earlier_release_goes_on(bench: Bench) -> None:
    """Its state has no clocks: the times of its files are all there is."""
    meeting = await bench.start()
    bench.voice.hear()
    await go_away(bench, crash=True)
    path = bench.folder / meeting.id / "journal" / "state.json"
    content = json.loads(path.read_text())
    del content["clocks"]
    path.write_text(json.dumps(content))
    bench.clocks.sleep(60)
    await come_back(bench)
    bench.voice.hear()
    assert await heard_twice(bench, meeting, away_s=60) == CRASHED
