"""What the journal has and the store has not, after a crash: on a real journal, store and job queue."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from notetaker.jobs.queue import JobQueue
from notetaker.model.audio import AudioFrame
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.transcript import Gap
from notetaker.recording.recorder import Recorder
from notetaker.service.recovery import Recovery
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from tests.service.office import SENTENCE

STARTED = 1_795_357_805_000_000_000
MEETING = Meeting("20261122-143005-k3f9qz", 1, 2, "Standup", 3, 4, STARTED)
ADA, SSRC = 42, 7
GAP = Gap(STARTED + 10**9, STARTED + 2 * 10**9, "voice session lost (4006)")


class Bench:
    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'notetaker.db'}"
        self.folder = folder / "meetings"
        self.store = Store(self.url)
        self.store.migrate()
        self.queue = JobQueue(self.url)

    def record(self) -> None:
        """A meeting of which nothing but its beginning has reached the store when the bot is killed."""
        self.store.add_meeting(MEETING)
        recorder = Recorder(self.folder / MEETING.id, MEETING.id)
        recorder.open_session(0.0, STARTED)
        recorder.mark_gap(GAP)
        for number, opus in enumerate(SENTENCE):
            recorder.write(AudioFrame(ADA, SSRC, number, 960 * number, opus, 3.0 + number * 0.02))
        recorder.close_session(10.0)
        recorder.sync()

    def recovery(self) -> Recovery:
        return Recovery(self.store, self.queue, self.folder, 900.0)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.queue.close()
    bench.store.close()


def test_what_only_the_journal_has_reaches_the_store_and_the_workers(bench: Bench) -> None:
    bench.record()
    assert bench.recovery().run() == [MEETING]
    [utterance] = bench.store.utterances(MEETING.id)
    assert bench.queue.transcribe_states([utterance.id]) == {utterance.id: "ENQUEUED"}
    marked, crash = bench.store.gaps(MEETING.id)
    assert marked == GAP
    assert (crash.started_ns, crash.cause) == (utterance.ended_ns, "the note-taker had stopped unexpectedly")
    counted = Coverage(ADA, Counter({Outcome.STORED: len(SENTENCE)}))
    assert bench.store.coverage(MEETING.id) == [counted]
    ended = replace(MEETING, state=MeetingState.FINISHING, ended_ns=utterance.ended_ns)
    assert bench.store.meeting(MEETING.id) == ended
    assert bench.recovery().run() == []


def test_a_recovery_that_failed_halfway_and_is_run_again_adds_nothing_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.record()
    recovery = bench.recovery()
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise StoreError("the database notetaker.db cannot be used: database is locked")

        broken.setattr(bench.store, "end_meeting", fail)
        with pytest.raises(StoreError):
            recovery.run()
    recovery.run()
    assert len(bench.store.utterances(MEETING.id)) == 1
    assert len(bench.store.gaps(MEETING.id)) == 2


def test_counts_that_reached_the_store_are_kept(bench: Bench) -> None:
    bench.record()
    known = Coverage(ADA, Counter({Outcome.STORED: 5, Outcome.DUPLICATE: 2}), lost=1)
    bench.store.set_coverage(MEETING.id, [known])
    bench.recovery().run()
    outcomes = Counter({Outcome.STORED: len(SENTENCE), Outcome.DUPLICATE: 2})
    assert bench.store.coverage(MEETING.id) == [Coverage(ADA, outcomes, lost=1)]


def test_however_many_meetings_have_ended_each_gets_its_job(bench: Bench) -> None:
    for number in range(102):
        meeting = replace(MEETING, id=f"{MEETING.id}-{number}", started_ns=STARTED + number)
        bench.store.add_meeting(meeting)
        bench.store.end_meeting(meeting.id, STARTED + 10**9)
    bench.recovery().run()
    jobs = bench.queue._client.list_workflows(status="ENQUEUED")
    assert len(jobs) == 102
