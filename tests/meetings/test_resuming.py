"""A bot that stops or dies in the middle of a meeting, and what the next one makes of it."""

import asyncio
import os
import threading
import time
from dataclasses import replace

import pytest

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Refused
from notetaker.meetings import open_gaps
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.recording.state import StateFile
from tests.harness.bench import GENERAL, GUILD, STANDUP, WISH, Bench, heard, join_failed
from tests.harness.office import SENTENCE

HEARD = len(SENTENCE)


@pytest.fixture(autouse=True)
def _every_gap_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here, a restart takes less time than a packet."""
    monkeypatch.setattr(open_gaps, "PACKET_NS", 1)


async def die(bench: Bench) -> None:
    """As if by ``kill -9``, just after a sync."""
    await bench.tick(asyncio.get_running_loop().time())


def age(bench: Bench, meeting: Meeting, seconds: float) -> None:
    """The bot has been dead for so long."""
    then = time.time() - seconds
    for path in (bench.folder / meeting.id / "journal").iterdir():
        os.utime(path, (then, then))


def files(bench: Bench, meeting: Meeting) -> list[str]:
    return sorted(path.name for path in (bench.folder / meeting.id / "journal").glob("*.pcap"))


async def test_a_meeting_goes_on_after_a_clean_stop(bench: Bench) -> None:
    meeting = await bench.start(replace(WISH, language="de"))
    bench.voice.hear()
    before_ns = time.time_ns()
    await bench.meetings.close()
    after_ns = time.time_ns()
    assert bench.voice.left == 1
    assert bench.store.meetings_in(MeetingState.RECORDING) == [meeting]
    assert len(bench.store.utterances(meeting.id)) == 1
    [told] = bench.discord.said
    assert told[0] == GENERAL
    assert told[1].startswith(replies.SHUTDOWN)
    assert "If I'm back before <t:" in told[1]

    await bench.restart()
    assert bench.voice.here == STANDUP
    assert bench.meetings.meeting(GUILD) == meeting
    bench.voice.hear()
    stopped = await bench.stop()
    assert stopped is not None
    assert (stopped.meeting.id, stopped.speakers) == (meeting.id, 1)
    assert len(bench.store.utterances(meeting.id)) == 2
    assert files(bench, meeting) == ["0001.pcap", "0002.pcap"]
    [gap] = bench.store.gaps(meeting.id)
    assert gap.cause == "the note-taker was restarted"
    assert before_ns <= gap.started_ns <= after_ns <= gap.ended_ns
    assert bench.store.coverage(meeting.id) == [heard(2 * HEARD)]
    assert bench.texts[1:] == [replies.back(meeting, gap)]


async def test_a_meeting_goes_on_after_a_crash(bench: Bench) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    await die(bench)
    age(bench, meeting, 60.0)
    await bench.restart()
    bench.voice.hear()
    await bench.stop()
    assert bench.store.meetings_in(MeetingState.RECORDING) == []
    assert len(bench.store.utterances(meeting.id)) == 2
    [gap] = bench.store.gaps(meeting.id)
    assert gap.cause == "the note-taker had stopped unexpectedly"
    assert gap.ended_ns - gap.started_ns == pytest.approx(60e9, rel=0.1)
    assert bench.store.coverage(meeting.id) == [heard(2 * HEARD)]
    assert bench.texts == [replies.back(meeting, gap)]


@pytest.mark.parametrize(
    ("crashed", "level", "cause"),
    [
        (True, "WARNING", "the note-taker had stopped unexpectedly"),
        (False, "INFO", "the note-taker was restarted"),
    ],
)
async def test_the_log_tells_of_an_interruption_before_it_tells_that_the_meeting_goes_on(
    bench: Bench, caplog: pytest.LogCaptureFixture, crashed: bool, level: str, cause: str
) -> None:
    caplog.set_level("INFO")
    meeting = await bench.start()
    bench.voice.hear()
    await (die(bench) if crashed else bench.meetings.close())
    caplog.clear()
    await bench.restart()
    told = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert told[:2] == [
        (level, f"Meeting {meeting.id} was interrupted: {cause}"),
        ("INFO", f"Meeting {meeting.id} resumed"),
    ]
    assert ("INFO", f"Meeting {meeting.id}: read back 1 utterance from its journal") in told
    await bench.stop()


async def test_speakers_of_before_a_restart_count(bench: Bench) -> None:
    await bench.start()
    bench.voice.hear()
    await bench.meetings.close()
    await bench.restart()
    stopped = await bench.stop()
    assert stopped is not None
    assert stopped.speakers == 1


async def test_nobody_need_have_spoken_for_a_meeting_to_be_young(bench: Bench) -> None:
    meeting = await bench.start()
    age(bench, meeting, 3600.0)
    await die(bench)  # its last sync is a sign of life
    await bench.restart()
    assert bench.meetings.meeting(GUILD) == meeting
    await bench.stop()


async def test_whoever_dies_twice_without_having_been_back_leaves_one_gap(bench: Bench) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    await die(bench)
    age(bench, meeting, 100.0)
    bench.begin(900.0)
    bench.voice.failure = join_failed("Tried 3 times without success.")
    await bench.resume()
    await die(bench)
    age(bench, meeting, 40.0)
    await bench.restart()
    await bench.stop()
    [gap] = bench.store.gaps(meeting.id)
    assert gap.cause == "the note-taker had stopped unexpectedly"
    assert gap.ended_ns - gap.started_ns == pytest.approx(100e9, rel=0.1)


@pytest.mark.parametrize("crash", [True, False])
async def test_a_bot_that_is_stopped_before_it_is_back_leaves_one_gap(bench: Bench, crash: bool) -> None:
    meeting = await bench.start()
    await (die(bench) if crash else bench.meetings.close())
    age(bench, meeting, 100.0)
    bench.begin(900.0)
    bench.voice.failure = join_failed("Tried 3 times without success.")
    await bench.resume()
    await bench.meetings.close()
    await bench.restart()
    await bench.stop()
    [gap] = bench.store.gaps(meeting.id)
    assert gap.cause == (
        "the note-taker had stopped unexpectedly" if crash else "the note-taker was restarted"
    )
    if crash:
        assert gap.ended_ns - gap.started_ns == pytest.approx(100e9, rel=0.1)


async def test_what_was_missing_when_the_bot_died_is_a_gap_of_its_own(bench: Bench) -> None:
    meeting = await bench.start()
    assert bench.voice.sink is not None
    bench.voice.sink.session_closed(asyncio.get_running_loop().time() - 5, "voice session lost (4006)")
    lost_ns = time.time_ns() - 5 * 10**9
    await die(bench)
    age(bench, meeting, 2.0)
    await bench.restart()
    await bench.stop()
    lost, crash = bench.store.gaps(meeting.id)
    assert (lost.cause, crash.cause) == (
        "voice session lost (4006)",
        "the note-taker had stopped unexpectedly",
    )
    assert abs(lost.started_ns - lost_ns) < 10**9
    assert lost.ended_ns == crash.started_ns


async def test_gaps_that_only_the_journal_has_are_stored(bench: Bench) -> None:
    meeting = await bench.start()
    sink = bench.voice.sink
    assert sink is not None
    now = asyncio.get_running_loop().time()
    bench.broken.calls = {"add_gap"}
    sink.session_closed(now, "voice session lost (4006)")
    sink.session_opened(now + 3)
    await die(bench)
    assert bench.store.gaps(meeting.id) == []
    bench.broken.calls = set()
    await bench.restart()
    assert [gap.cause for gap in bench.store.gaps(meeting.id)] == ["voice session lost (4006)"]
    await bench.stop()


async def test_a_meeting_older_than_the_window_is_finished(bench: Bench) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    await die(bench)
    age(bench, meeting, 901.0)
    await bench.restart()
    assert bench.meetings.meeting(GUILD) is None
    assert bench.voice.here is None
    stored = bench.store.meeting(meeting.id)
    assert stored is not None
    assert (stored.id, stored.state) == (meeting.id, MeetingState.FINISHING)
    assert len(bench.store.utterances(meeting.id)) == 1
    assert bench.texts == [replies.stopped_unasked(meeting, replies.CRASH)]


async def test_a_meeting_that_was_suspended_for_too_long_is_finished(bench: Bench) -> None:
    meeting = await bench.start()
    await bench.meetings.close()
    age(bench, meeting, 901.0)
    await bench.restart()
    assert bench.meetings.meeting(GUILD) is None
    assert [gap.cause for gap in bench.store.gaps(meeting.id)] == ["the note-taker was restarted"]
    assert bench.texts[-1] == replies.stopped_unasked(meeting, replies.STOPPED)


async def test_without_a_window_every_stop_ends_the_meeting(bench: Bench) -> None:
    bench.begin(0.0)
    meeting = await bench.start()
    await bench.meetings.close()
    stored = bench.store.meeting(meeting.id)
    assert stored is not None
    assert stored.state is MeetingState.FINISHING
    assert bench.texts == [replies.stopped_unasked(meeting, replies.SHUTDOWN)]
    bench.begin(0.0)
    await bench.start()
    await die(bench)
    await bench.restart(0.0)
    assert bench.meetings.meeting(GUILD) is None
    assert bench.store.meetings_in(MeetingState.RECORDING) == []


async def test_a_meeting_that_people_ended_does_not_go_on(bench: Bench) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    bench.broken.calls = {"end_meeting"}
    await bench.stop()
    bench.broken.calls = set()
    assert bench.store.meetings_in(MeetingState.RECORDING) == [meeting]
    await bench.restart()
    assert bench.voice.here is None
    assert bench.store.meetings_in(MeetingState.RECORDING) == []
    assert bench.store.gaps(meeting.id) == []
    assert bench.texts == []


async def test_of_several_meetings_of_a_server_the_latest_goes_on(bench: Bench) -> None:
    first = await bench.start()
    await die(bench)
    bench.begin(900.0)
    second = await bench.start()
    await die(bench)
    await bench.restart()
    assert bench.meetings.meeting(GUILD) == second
    assert bench.store.meetings_in(MeetingState.FINISHING)[0].id == first.id
    await bench.stop()


@pytest.mark.parametrize("gone", [True, False])
async def test_where_the_bot_cannot_go_back_the_meeting_is_finished_and_people_told(
    bench: Bench, gone: bool
) -> None:
    meeting = await bench.start()
    await bench.meetings.close()
    bench.begin(900.0)
    if gone:
        bench.discord.gone = replies.CHANNEL_GONE
    else:
        bench.voice.failure = join_failed(replies.CHANNEL_GONE, final=True)
    await bench.resume()
    await bench.tick()
    assert bench.meetings.meeting(GUILD) is None
    assert bench.store.meetings_in(MeetingState.FINISHING)[0].id == meeting.id
    assert bench.texts[-1] == replies.stopped_unasked(meeting, replies.CHANNEL_GONE)


async def test_a_bot_that_cannot_get_back_yet_says_so_and_goes_on_trying(bench: Bench) -> None:
    meeting = await bench.start()
    await bench.meetings.close()
    bench.begin(900.0)
    bench.voice.failure = join_failed("Tried 3 times without success.")
    await bench.resume()
    assert bench.meetings.meeting(GUILD) == meeting
    bench.recordings.waiting(GUILD, "Tried 3 times without success.")
    await asyncio.sleep(0)
    assert bench.texts[-1] == replies.still_away(STANDUP, "Tried 3 times without success.")
    bench.voice.comes_in()
    bench.recordings.joined(GUILD)
    bench.voice.hear()
    await bench.stop()
    [gap] = bench.store.gaps(meeting.id)
    assert bench.texts[-1] == replies.back(meeting, gap)
    assert len(bench.store.utterances(meeting.id)) == 1


async def test_whoever_stops_the_notes_while_the_bot_is_on_its_way_back_ends_them(bench: Bench) -> None:
    meeting = await bench.start()
    await bench.meetings.close()
    bench.begin(900.0)
    bench.voice.slow.clear()
    resuming = asyncio.ensure_future(bench.resume())
    await bench.voice.is_asked()
    stopped = await bench.stop()
    await resuming
    await bench.tick()
    assert stopped is not None
    assert stopped.meeting.id == meeting.id
    assert bench.store.meetings_in(MeetingState.RECORDING) == []
    assert len(bench.texts) == 1


async def test_a_meeting_that_is_stopped_while_its_journal_is_read_back_is_handed_over_when_that_is_done(
    bench: Bench,
) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    bench.broken.calls = {"add_utterance"}
    await die(bench)
    bench.broken.calls = set()
    bench.begin(900.0)
    disk = threading.Event()
    resuming = asyncio.ensure_future(bench.resume(before_reading=disk.wait))
    await bench.voice.is_in()
    await bench.stop()
    assert bench.store.meetings_in(MeetingState.FINISHING) == []
    disk.set()
    await resuming
    await bench.tick()
    assert [one.id for one in bench.store.meetings_in(MeetingState.FINISHING)] == [meeting.id]
    assert len(bench.store.utterances(meeting.id)) == 1
    [coverage] = bench.store.coverage(meeting.id)
    assert coverage.stored == HEARD


async def test_a_state_file_that_a_power_loss_has_emptied_costs_nothing_but_the_cause(bench: Bench) -> None:
    meeting = await bench.start()
    await bench.meetings.close()
    (bench.folder / meeting.id / "journal" / "state.json").write_bytes(b"")
    age(bench, meeting, 2.0)
    await bench.restart()
    assert bench.meetings.meeting(GUILD) == meeting
    await bench.stop()
    [gap] = bench.store.gaps(meeting.id)
    assert gap.cause == "the note-taker had stopped unexpectedly"


async def test_a_shutdown_does_not_wait_for_a_join_and_no_other_begins(bench: Bench) -> None:
    bench.voice.slow.clear()
    starting = asyncio.ensure_future(bench.start())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await bench.meetings.close()
    bench.voice.slow.set()
    for attempt in (starting, bench.start(), bench.join(STANDUP)):
        with pytest.raises(Refused) as refused:
            await attempt
        assert str(refused.value) == replies.SHUTDOWN
    assert bench.store.meetings() == []


async def test_a_shutdown_suspends_a_meeting_that_is_just_being_started(bench: Bench) -> None:
    disk = threading.Event()
    busy = asyncio.ensure_future(bench.database(disk.wait, 20))
    starting = asyncio.ensure_future(bench.start())
    await bench.voice.is_in()
    closing = asyncio.ensure_future(bench.meetings.close())
    await asyncio.sleep(0)
    disk.set()
    meeting = await starting
    await asyncio.gather(busy, closing)
    assert bench.store.meetings_in(MeetingState.RECORDING) == [meeting]
    assert bench.meetings.meeting(GUILD) is None
    assert StateFile(bench.folder / meeting.id).read() is not None
