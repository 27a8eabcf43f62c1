"""What the journal has and the store has not, after a crash: on a real journal, store and job queue."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from notetaker.jobs.queue import JobQueue
from notetaker.meetings.recovery import Recovery
from notetaker.model.audio import UNKNOWN, AudioFrame
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Utterance
from notetaker.recording.journal import journal_files, read_clip
from notetaker.recording.recorder import Recorder
from notetaker.recording.recovery import scan
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from tests.harness.bench import ADA, heard
from tests.harness.office import SENTENCE

STARTED = 1_763_821_805_000_000_000
MEETING = Meeting("20251122-143005-k3f9qz", 1, 2, "Standup", 3, 4, STARTED)
SSRC = 7
DIED = STARTED + 60 * 10**9
GAP = Gap(STARTED + 10**9, STARTED + 2 * 10**9, "voice session lost (4006)")
ONCE = [(3.0 + number * 0.02, opus) for number, opus in enumerate(SENTENCE)]
NO_OPUS = b"\xff\x00" + bytes(50)
PAUSED = [
    *ONCE,
    *((4.5 + number * 0.02, b"\xf8\xff\xfe") for number in range(5)),
    *((5.1 + number * 0.02, opus) for number, opus in enumerate(SENTENCE)),
]
"""Two utterances, for this release. The ones before it made one of them."""


class Bench:
    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'notetaker.db'}"
        self.folder = folder / "meetings"
        self.store = Store(self.url)
        self.store.migrate()
        self.queue = JobQueue(self.url)

    def record(self, packets: Iterable[tuple[float, bytes]] = ONCE) -> None:
        """A meeting of which nothing but its beginning has reached the store when the bot is killed."""
        self.store.add_meeting(MEETING)
        recorder = Recorder(self.folder / MEETING.id, MEETING.id, lambda _: None)
        recorder.open_session(0.0, STARTED)
        recorder.mark_gap(GAP)
        for number, (arrival, opus) in enumerate(packets):
            recorder.write(AudioFrame(ADA, SSRC, number, 960 * number, opus, arrival))
        recorder.close_session(10.0)
        recorder.sync()
        [(_, journal)] = journal_files(self.folder / MEETING.id)
        os.utime(journal, ns=(DIED, DIED))

    def recovery(self) -> Recovery:
        return Recovery(self.store, self.queue, self.folder, 900.0)

    def recover(self) -> list[Meeting]:
        """Returns those that have been ended."""
        recovery = self.recovery()
        for meeting in recovery.finishing:
            recovery.finish_again(meeting)
        for one in recovery.not_resumed:
            recovery.finish(one)
        return [one.meeting for one in recovery.not_resumed]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.queue.close()
    bench.store.close()


def test_what_only_the_journal_has_reaches_the_store_and_the_workers(bench: Bench) -> None:
    bench.record()
    assert bench.recover() == [MEETING]
    [utterance] = bench.store.utterances(MEETING.id)
    assert bench.queue.states("transcribe", [utterance.id]) == {utterance.id: "ENQUEUED"}
    marked, crash = bench.store.gaps(MEETING.id)
    assert marked == GAP
    assert (crash.started_ns, crash.cause) == (DIED, "the note-taker had stopped unexpectedly")
    assert bench.store.coverage(MEETING.id) == [heard(len(SENTENCE))]
    ended = replace(MEETING, state=MeetingState.FINISHING, ended_ns=DIED)
    assert bench.store.meeting(MEETING.id) == ended
    assert bench.recover() == []


@pytest.mark.parametrize("named", [True, False])
def test_who_was_named_just_before_the_crash_is_named_in_the_store(bench: Bench, named: bool) -> None:
    bench.store.add_meeting(MEETING)
    alive = [True]  # then nothing more reaches the store
    recorder = Recorder(
        bench.folder / MEETING.id, MEETING.id, lambda one: alive and bench.store.add_utterance(one)
    )
    recorder.open_session(0.0, STARTED)
    for number, (arrival, opus) in enumerate(ONCE):
        recorder.write(AudioFrame(UNKNOWN, SSRC, number, 960 * number, opus, arrival))
    recorder.tick(8.0)
    stored = Coverage(UNKNOWN, Counter({Outcome.HEARD: len(SENTENCE)}), stored=len(SENTENCE))
    bench.store.set_coverage(MEETING.id, [stored])
    alive.clear()
    if named:
        recorder.add_speaker(ADA, SSRC, 9.0)
    recorder.close_session(10.0)
    recorder.sync()
    [(_, journal)] = journal_files(bench.folder / MEETING.id)
    os.utime(journal, ns=(DIED, DIED))
    assert bench.recover() == [MEETING]
    [utterance] = bench.store.utterances(MEETING.id)
    assert utterance.user_id == (ADA if named else UNKNOWN)
    assert bench.store.coverage(MEETING.id) == [heard(len(SENTENCE)) if named else stored]


@pytest.mark.parametrize("stored", [0, 2])
def test_packets_that_are_no_opus_are_counted_as_the_recorder_had_counted_them(
    bench: Bench, stored: int
) -> None:
    """They lie in an utterance, before it and behind it; the store has the count of the first ``stored``."""
    bench.store.add_meeting(MEETING)
    recorder = Recorder(bench.folder / MEETING.id, MEETING.id, lambda _: None)
    recorder.open_session(0.0, STARTED)
    sounds = [NO_OPUS, *[opus for _, opus in ONCE[:20]], NO_OPUS, *[opus for _, opus in ONCE[20:]], NO_OPUS]
    for number, opus in enumerate(sounds):
        recorder.write(AudioFrame(UNKNOWN, SSRC, number, 960 * number, opus, 0.02 * number))
        if stored and recorder.no_opus.by_user[UNKNOWN] == stored:
            sent = Counter({Outcome.HEARD: number + 1})
            bench.store.set_coverage(MEETING.id, [Coverage(UNKNOWN, sent, stored=number + 1, no_opus=stored)])
    recorder.add_speaker(ADA, SSRC, 9.0)
    recorder.close_session(10.0)
    recorder.sync()
    [(_, journal)] = journal_files(bench.folder / MEETING.id)
    os.utime(journal, ns=(DIED, DIED))
    assert bench.recover() == [MEETING]
    sent = Counter({Outcome.HEARD: len(sounds)})
    assert +recorder.no_opus.by_user == {ADA: 3}
    assert bench.store.coverage(MEETING.id) == [Coverage(ADA, sent, stored=len(sounds), no_opus=3)]
    [utterance] = bench.store.utterances(MEETING.id)
    assert utterance.packets == len([opus for _, opus in ONCE if len(opus) > 3])


def test_a_recovery_that_failed_halfway_and_is_run_again_adds_nothing_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.record()
    recovery = bench.recovery()
    [interrupted] = recovery.not_resumed
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise StoreError("the database notetaker.db cannot be used: database is locked")

        broken.setattr(bench.store, "end_meeting", fail)
        with pytest.raises(StoreError):
            recovery.finish(interrupted)
    recovery.finish(interrupted)
    assert len(bench.store.utterances(MEETING.id)) == 1
    assert len(bench.store.gaps(MEETING.id)) == 2


def cut_before(bench: Bench, first: int, end: int) -> Utterance:
    """Stores the packets ``first`` up to ``end`` as the utterance that an earlier release made of them."""
    folder = bench.folder / MEETING.id
    one, other = scan(folder, MEETING.id)
    packets = read_clip(folder, replace(one.clip, end_offset=other.clip.end_offset))
    assert len(packets) == len(PAUSED)
    parts = packets[first:end]
    utterance = Utterance(
        MEETING.id,
        ADA,
        replace(one.clip, start_offset=parts[0].offset, end_offset=parts[-1].end_offset),
        started_ns=parts[0].arrival_ns,
        ended_ns=parts[-1].arrival_ns + 20_000_000,
        packets=len(parts),
    )
    bench.store.add_utterance(utterance)
    return utterance


def test_sound_that_an_earlier_release_cut_otherwise_is_not_added_again(bench: Bench) -> None:
    bench.record(PAUSED)
    stored = cut_before(bench, 0, len(PAUSED))
    assert len(scan(bench.folder / MEETING.id, MEETING.id)) == 2
    bench.recover()
    assert bench.store.utterances(MEETING.id) == [stored]
    assert bench.queue.states("transcribe", [stored.id]) == {stored.id: "ENQUEUED"}


@pytest.mark.parametrize(
    ("covered", "added"),
    [
        ([(0, 100)], [(100, 155)]),
        ([(10, 100)], [(0, 10), (100, 155)]),
        ([(90, 155)], [(0, 75), (80, 90)]),
        ([(0, 78), (80, 155)], []),
        ([(0, 40), (40, 60), (60, 120)], [(120, 155)]),
        ([], [(0, 75), (80, 155)]),
    ],
)
def test_of_sound_that_an_earlier_release_had_stored_in_part_the_rest_is_added(
    bench: Bench, covered: list[tuple[int, int]], added: list[tuple[int, int]]
) -> None:
    bench.record(PAUSED)
    stored = [cut_before(bench, first, end) for first, end in covered]
    recovery = bench.recovery()
    [interrupted] = recovery.not_resumed
    for _ in range(2):
        recovery.read_back(interrupted)
        utterances = bench.store.utterances(MEETING.id)
        assert len(utterances) == len(covered) + len(added)
    rest = [one for one in utterances if one not in stored]
    for utterance, (first, end) in zip(rest, added, strict=True):
        packets = read_clip(bench.folder / MEETING.id, utterance.clip)
        assert [packet.sequence for packet in packets] == [*range(first, end)]
        assert utterance.packets == end - first
        assert utterance.started_ns == packets[0].arrival_ns
        assert utterance.ended_ns == packets[-1].arrival_ns + 20_000_000
    ids = [utterance.id for utterance in utterances]
    assert set(bench.queue.states("transcribe", ids)) == set(ids)


def test_what_a_stall_held_up_of_the_rest_is_told_when_it_was_said(bench: Bench) -> None:
    stalled = range(30, 60)
    bench.record((4.2 if n in stalled else arrival, opus) for n, (arrival, opus) in enumerate(PAUSED))
    cut_before(bench, 0, 40)
    bench.recover()
    _, rest, _ = bench.store.utterances(MEETING.id)
    assert (rest.started_ns - STARTED) / 1e9 == pytest.approx(PAUSED[40][0], abs=0.001)
    assert (rest.ended_ns - STARTED) / 1e9 == pytest.approx(PAUSED[74][0] + 0.02, abs=0.001)


def test_counts_that_reached_the_store_are_kept(bench: Bench) -> None:
    bench.record()
    known = Coverage(ADA, Counter({Outcome.HEARD: 7, Outcome.DUPLICATE: 2}), lost=1, stored=5)
    bench.store.set_coverage(MEETING.id, [known])
    bench.recover()
    outcomes = Counter({Outcome.HEARD: 2 + len(SENTENCE), Outcome.DUPLICATE: 2})
    assert bench.store.coverage(MEETING.id) == [Coverage(ADA, outcomes, lost=1, stored=len(SENTENCE))]


def test_however_many_meetings_have_ended_each_gets_its_job(bench: Bench) -> None:
    for number in range(102):
        meeting = replace(MEETING, id=f"{MEETING.id}-{number}", started_ns=STARTED + number)
        bench.store.add_meeting(meeting)
        bench.store.end_meeting(meeting.id, STARTED + 10**9)
    bench.recover()
    jobs = bench.queue._client.list_workflows(status="ENQUEUED")
    assert len(jobs) == 102


def test_a_meeting_of_which_nothing_is_on_this_disk_ends(bench: Bench) -> None:
    bench.store.add_meeting(replace(MEETING, started_ns=time.time_ns()))
    assert bench.recovery().resumed == {}
    assert [one.id for one in bench.recover()] == [MEETING.id]
    assert bench.store.meetings_in(MeetingState.RECORDING) == []


def test_files_that_are_written_after_the_start_are_not_read_back(bench: Bench) -> None:
    bench.record()
    os.utime(bench.folder / MEETING.id / "journal" / "0001.pcap")
    recovery = bench.recovery()
    recorder = Recorder(bench.folder / MEETING.id, MEETING.id, lambda _: None)
    recorder.open_session(0.0, time.time_ns())
    recorder.write(AudioFrame(ADA, SSRC, 0, 0, SENTENCE[20], 0.0))
    [interrupted] = recovery.resumed.values()
    [counted] = recovery.read_back(interrupted)
    assert counted == heard(len(SENTENCE))
    assert {one.clip.segment for one in bench.store.utterances(MEETING.id)} == {1}
    recorder.close_session(1.0)
    recorder.sync()


def test_a_meeting_whose_folder_cannot_be_read_waits_for_the_next_start(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.record()
    [(_, journal)] = journal_files(bench.folder / MEETING.id)
    kept = journal.rename(journal.with_suffix(".kept"))
    journal.symlink_to(journal)
    other = replace(MEETING, id="20251122-150000-k3f9qz", started_ns=STARTED + 1)
    bench.store.add_meeting(other)
    assert bench.recover() == [other]
    [told] = [
        record for record in caplog.records if "will retry at the next start: [Errno 40]" in record.message
    ]
    assert vars(told)["MEETING_ID"] == MEETING.id
    kept.rename(journal)
    assert bench.recover() == [MEETING]
