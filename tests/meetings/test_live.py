"""One meeting while it is recorded, on a real recorder; only the disk is made to refuse."""

from collections.abc import Callable
from pathlib import Path

import pytest

from notetaker.discordbot import replies
from notetaker.meetings.live import LiveMeeting
from notetaker.model.audio import UNKNOWN, AudioFrame
from notetaker.model.outcome import Outcome
from notetaker.recording.clock import MeetingClock, Moment
from notetaker.recording.journal import JournalReader, journal_files
from notetaker.recording.recovery import scan
from notetaker.recording.rtcp import GapMarked
from notetaker.wire.losses import Loss
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


def test_a_sentence_becomes_an_utterance_when_the_session_closes(live: LiveMeeting) -> None:
    live.session_opened(100.0)
    live.speaker_joined(ADA, SSRC, 100.0)
    end = say(live, 100.0)
    live.leave()
    live.session_closed(end, "we left")
    live.stop(end)
    [utterance] = utterances(live)
    assert (utterance.user_id, utterance.packets) == (ADA, len(SENTENCE))
    assert live.speakers == 1
    assert live.joined == {ADA}
    assert gaps(live) == []


def test_time_between_two_sessions_is_a_gap_with_its_cause(live: LiveMeeting) -> None:
    live.session_opened(100.0)
    end = say(live, 100.0)
    live.session_closed(end, "voice session lost (4006)")
    live.session_opened(end + 3)
    say(live, end + 3)
    live.tick(end + 30)
    [gap] = gaps(live)
    assert gap.cause == "voice session lost (4006)"
    assert gap.started_ns == STARTED + len(SENTENCE) * 20_000_000
    assert gap.ended_ns == gap.started_ns + 3 * SECOND
    assert len(utterances(live)) == 2


def test_a_session_that_is_replaced_by_one_that_is_up_already_leaves_no_gap(live: LiveMeeting) -> None:
    live.session_opened(100.0)
    live.session_closed(101.0, "Discord moved the call to another voice server.")
    live.session_opened(101.001)
    live.stop(102.0)
    assert gaps(live) == []


def test_a_meeting_that_ends_without_a_session_has_a_gap_until_its_end(live: LiveMeeting) -> None:
    live.session_opened(100.0)
    live.session_closed(101.0, "voice session lost (4014)")
    live.leave()
    live.stop(102.0)
    assert [gap.cause for gap in gaps(live)] == ["voice session lost (4014)"]


def test_packets_that_come_before_the_word_that_the_session_is_up_are_kept(live: LiveMeeting) -> None:
    live.speaker_joined(ADA, SSRC, 100.0)
    end = say(live, 100.0)
    live.session_opened(end)
    live.stop(end)
    assert sum(utterance.packets for utterance in utterances(live)) == len(SENTENCE)
    assert {utterance.clip.segment for utterance in utterances(live)} == {1}


def test_what_a_full_disk_refuses_is_a_gap_and_not_counted_as_stored_and_recording_goes_on_when_it_is_free(
    live: LiveMeeting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk = FullDisk(live.recorder, monkeypatch)
    live.session_opened(100.0)
    end = say(live, 100.0)
    disk.full = True
    end = say(live, end, first=1000)
    disk.full = False
    end = say(live, end, first=2000)
    live.stop(end)
    assert [gap.cause for gap in gaps(live)] == ["the sound could not be written to disk"]
    assert live.stored == {ADA: 2 * len(SENTENCE)}
    assert sum("No space left on device" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize("finish", [LiveMeeting.tick, LiveMeeting.stop, LiveMeeting.suspend])
def test_a_disk_that_is_still_full_is_never_said_to_take_the_recording_again(
    live: LiveMeeting,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    finish: Callable[[LiveMeeting, float], None],
) -> None:
    disk = FullDisk(live.recorder, monkeypatch)
    live.session_opened(100.0)
    disk.full = True
    live.speaker_joined(ADA, SSRC, 101.0)
    live.tick(101.01)  # less than a packet later: there is no gap to mark yet
    finish(live, 102.0)
    assert live.disk_failure is not None
    assert "is not being recorded" in caplog.text
    assert "is being recorded again" not in caplog.text


def test_a_disk_that_is_full_when_the_session_opens_is_tried_again_with_every_packet(
    live: LiveMeeting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disk = FullDisk(live.recorder, monkeypatch)
    disk.full = True
    live.session_opened(100.0)
    live.speaker_joined(ADA, SSRC, 100.0)
    live.speaker_left(ADA, 100.0)
    end = say(live, 100.0)
    disk.full = False
    end = say(live, end, first=1000)
    live.stop(end)
    assert [utterance.packets for utterance in utterances(live)] == [len(SENTENCE)]
    assert [u.user_id for u in scan(tmp_path / MEETING.id, MEETING.id)] == [ADA]


def test_what_was_lost_on_the_way_is_a_gap_of_its_speaker(live: LiveMeeting) -> None:
    live.session_opened(100.0)
    live.lost(Loss(ADA, 101.0, 101.5, 12, None))
    live.lost(Loss(ADA, 102.0, 103.0, 3, Outcome.UNDECRYPTABLE))
    live.lost(Loss(0, 103.0, 104.0, 4, Outcome.HELD_TOO_LONG))
    assert [(gap.user_id, gap.cause) for gap in gaps(live)] == [
        (ADA, "12 packets never arrived"),
        (ADA, "3 packets could not be decrypted"),
        (None, "4 packets arrived without a known speaker or key"),
    ]
    first = gaps(live)[0]
    assert (first.started_ns, first.ended_ns) == (STARTED + SECOND, STARTED + 1.5 * SECOND)


def test_every_gap_is_marked_in_the_journal(live: LiveMeeting, tmp_path: Path) -> None:
    live.session_opened(100.0)
    live.lost(Loss(ADA, 101.0, 101.5, 12, None))
    live.deafened(102.0, True)
    live.session_closed(103.0, "voice session lost (4006)")
    live.session_opened(104.0)
    live.stop(105.0)
    live.sync(live.state)
    marked = [
        event.gap
        for _, path in journal_files(tmp_path / MEETING.id)
        for event in JournalReader(path)
        if isinstance(event, GapMarked)
    ]
    assert marked == gaps(live)
    assert len(journal_files(tmp_path / MEETING.id)) == 2, "one for each session, and none for marks alone"
    assert [gap.cause for gap in marked] == [
        "12 packets never arrived",
        "a moderator had deafened the note-taker",
        "voice session lost (4006)",
    ]


def test_being_deafened_is_told_once_however_often_it_is_said(live: LiveMeeting) -> None:
    live.session_opened(100.0)
    news = []
    for now, deaf in ((100.0, False), (101.0, True), (101.5, True), (103.0, False), (104.0, False)):
        live.deafened(now, deaf)
        news.append(live.tick(now))
    assert news == [None, replies.deafened(2), None, replies.undeafened(2), None]
    [gap] = gaps(live)
    assert gap.ended_ns - gap.started_ns == pytest.approx(2e9)


@pytest.mark.parametrize("still_deaf", [True, False])
def test_a_new_session_tells_whether_the_bot_is_still_deafened(live: LiveMeeting, still_deaf: bool) -> None:
    live.session_opened(100.0)
    live.deafened(101.0, True)
    assert live.tick(101.0) == replies.deafened(2)
    live.session_closed(102.0, "voice session lost (4006)")
    assert live.tick(102.5) is None
    live.session_opened(103.0)
    if still_deaf:
        live.deafened(103.0, True)
    assert live.tick(103.0) == (None if still_deaf else replies.undeafened(2))
    live.stop(104.0)
    deafened, lost = "a moderator had deafened the note-taker", "voice session lost (4006)"
    assert [gap.cause for gap in gaps(live)] == [deafened, lost, *([deafened] if still_deaf else [])]


def test_open_gaps_are_in_the_state_for_the_next_life(live: LiveMeeting) -> None:
    live.session_opened(100.0)
    live.deafened(101.0, True)
    assert [gap.cause for gap in live.state.gaps] == ["a moderator had deafened the note-taker"]
    live.session_closed(102.0, "voice session lost (4006)")
    assert [gap.cause for gap in live.state.gaps] == ["voice session lost (4006)"]
    assert not live.state.stopped
    live.stop(103.0)
    assert (live.state.gaps, live.state.stopped) == ((), True)


def test_the_gap_of_a_suspended_meeting_begins_when_the_bot_leaves(live: LiveMeeting) -> None:
    live.session_opened(100.0)
    live.leave()
    live.session_closed(101.0, "we left")
    live.suspend(105.0)
    [gap] = live.state.gaps
    assert gap.cause == "the note-taker was restarted"
    assert gap.started_ns == STARTED + SECOND
    assert gaps(live) == []


@pytest.mark.parametrize("by_s", [-3600.0, 7200.0])
def test_a_wall_clock_that_is_set_during_a_meeting_changes_no_time_of_it(
    live: LiveMeeting, clocks: Clocks, by_s: float
) -> None:
    live.session_opened(100.0)
    say(live, 101.0)
    clocks.set(by_s)
    live.session_closed(103.0, "voice session lost (4006)")
    clocks.set(-by_s / 3)
    live.session_opened(105.0)
    say(live, 106.0)
    live.session_closed(108.0, "voice session lost (4006)")
    live.stop(109.0)
    assert [one.started_ns - STARTED for one in utterances(live)] == [SECOND, 6 * SECOND]
    times = [(gap.started_ns - STARTED, gap.ended_ns - STARTED) for gap in gaps(live)]
    assert times == [(3 * SECOND, 5 * SECOND), (8 * SECOND, 9 * SECOND)]
    assert live.meeting.ended_ns == STARTED + 9 * SECOND


def test_a_session_that_begins_with_a_packet_that_waited_begins_when_that_arrived(live: LiveMeeting) -> None:
    """The clocks already show 100.0."""
    say(live, 97.0)
    live.stop(100.0)
    [utterance] = utterances(live)
    assert utterance.started_ns == STARTED - 3 * SECOND


def test_who_is_named_late_gets_what_was_stored_before(live: LiveMeeting) -> None:
    live.session_opened(100.0)
    for number, opus in enumerate(SENTENCE):
        live.frame(AudioFrame(UNKNOWN, SSRC, number, 960 * number, opus, 101.0 + 0.02 * number))
    live.tick(110.0)
    assert (live.stored, live.speakers) == ({UNKNOWN: len(SENTENCE)}, 1)
    live.speaker_joined(ADA, SSRC, 111.0)
    assert (live.stored, live.speakers) == ({ADA: len(SENTENCE)}, 1)
    nameless, named = utterances(live)
    assert (nameless.user_id, named.user_id, named.id) == (UNKNOWN, ADA, nameless.id)
    live.session_closed(112.0, "lost")
    live.session_opened(113.0)
    live.speaker_joined(ADA + 1, SSRC, 113.0)
    assert live.stored == {ADA: len(SENTENCE)}
