"""What the jobs do, without the machinery that calls them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from dbos import DBOSClient

from notetaker.jobs.database import jobs_url
from notetaker.jobs.queue import JobQueue
from notetaker.jobs.transcriber import Transcriber
from notetaker.jobs.workflows import Interrupted, Workflows
from notetaker.model.utterance import Transcription, Utterance
from notetaker.store.store import Store
from tests.jobs.recording import record_meeting
from tests.store.examples import MEETING


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/notetaker.db"


@pytest.fixture
def queue(database_url: str) -> Iterator[JobQueue]:
    queue = JobQueue(database_url)
    yield queue
    queue.close()


@pytest.fixture
def stopping() -> threading.Event:
    return threading.Event()


@pytest.fixture
def workflows(
    tmp_path: Path, store: Store, queue: JobQueue, stopping: threading.Event
) -> Iterator[Workflows]:
    transcriber = Transcriber("pocketsphinx")
    yield Workflows(store, queue, transcriber, tmp_path, stopping)
    transcriber.close()


@pytest.fixture
def utterances(tmp_path: Path, store: Store) -> list[Utterance]:
    return record_meeting(tmp_path, store)


def test_an_utterance_whose_sound_is_gone_says_so(
    tmp_path: Path, store: Store, workflows: Workflows, utterances: list[Utterance]
) -> None:
    (tmp_path / MEETING.id / "journal").rename(tmp_path / "elsewhere")
    workflows.transcribe_utterance(utterances[0].id)
    [(utterance, transcription)] = store.transcribed(MEETING.id)
    assert (utterance, transcription.text) == (utterances[0], "")
    assert transcription.error and transcription.error.startswith("The recording could not be read")


def test_what_is_transcribed_is_not_transcribed_again(
    tmp_path: Path, store: Store, workflows: Workflows, utterances: list[Utterance]
) -> None:
    (tmp_path / MEETING.id / "journal").rename(
        tmp_path / "elsewhere"
    )  # so it would fail, and try for seconds
    store.set_transcription(utterances[0].id, Transcription("words", "engine"))
    workflows.transcribe_utterance(utterances[0].id)
    assert store.transcribed(MEETING.id) == [(utterances[0], Transcription("words", "engine"))]


def test_a_job_whose_subject_is_not_in_the_store_is_dropped(
    workflows: Workflows, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    workflows.transcribe_utterance("m.1.2.3")
    workflows.finish_meeting("m")
    assert "utterance m.1.2.3 is not in the store" in caplog.text
    assert "meeting m is not in the store" in caplog.text


def test_a_meeting_in_which_nobody_spoke_is_finished(store: Store, workflows: Workflows) -> None:
    store.add_meeting(MEETING)
    store.end_meeting(MEETING.id, MEETING.started_ns + 1)
    workflows.finish_meeting(MEETING.id)
    assert [posting.meeting_id for posting in store.due_postings()] == [MEETING.id]


def test_an_utterance_whose_job_was_given_up_does_not_hold_up_the_notes(
    store: Store,
    queue: JobQueue,
    workflows: Workflows,
    utterances: list[Utterance],
    database_url: str,
) -> None:
    for utterance in utterances[1:]:
        store.set_transcription(utterance.id, Transcription("words", "engine"))
    queue.transcribe(utterances[0].id)
    client = DBOSClient(system_database_url=jobs_url(database_url))
    client.cancel_workflow(f"transcribe:{utterances[0].id}")
    client.destroy()
    workflows.finish_meeting(MEETING.id)
    error = "The transcription of this utterance could not be completed."
    assert [found.error for _, found in store.transcribed(MEETING.id)] == [error, None, None]
    assert store.due_postings()


def test_a_job_that_fails_is_tried_again(
    tmp_path: Path,
    store: Store,
    workflows: Workflows,
    utterances: list[Utterance],
    caplog: pytest.LogCaptureFixture,
) -> None:
    for utterance in utterances:
        store.set_transcription(utterance.id, Transcription("words", "engine"))
    folder = tmp_path / MEETING.id
    (folder / "tracks").write_text("in the way of the folder")
    repair = threading.Timer(0.5, (folder / "tracks").unlink)
    repair.start()
    workflows.finish_meeting(MEETING.id)
    repair.join()
    assert f"write_tracks of {MEETING.id} failed; again in 1 s" in caplog.text
    assert len(list((folder / "tracks").glob("*.ogg"))) == 3
    assert not (folder / "journal").exists()


def test_a_journal_that_the_tracks_do_not_hold_stays(
    tmp_path: Path, store: Store, workflows: Workflows, caplog: pytest.LogCaptureFixture
) -> None:
    for utterance in record_meeting(tmp_path, store):
        store.set_transcription(utterance.id, Transcription("words", "engine"))
    journal = tmp_path / MEETING.id / "journal"
    (journal / "0002.pcap").write_bytes(b"not a journal file at all")
    workflows.finish_meeting(MEETING.id)
    assert store.due_postings()
    assert journal.exists()
    assert f"the journal of meeting {MEETING.id} stays" in caplog.text


def test_a_waiting_job_is_interrupted_when_the_worker_stops(
    store: Store, workflows: Workflows, utterances: list[Utterance], stopping: threading.Event
) -> None:
    stopping.set()
    with pytest.raises(Interrupted):
        workflows.finish_meeting(MEETING.id)
    assert store.due_postings() == []
