"""Real worker processes, killed at any instant: each utterance gets one text, each meeting one posting."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from notetaker.jobs.queue import REFINE, JobQueue, refine_name
from notetaker.jobs.speech_process import ClipToHear
from notetaker.jobs.transcriber import Transcriber
from notetaker.model.meeting import MeetingState
from notetaker.model.minutes import Kind
from notetaker.model.utterance import Transcription, Utterance
from notetaker.speech.engine import Hints
from notetaker.store.store import Store
from tests.jobs.engine import POCKETSPHINX
from tests.jobs.recording import record_meeting
from tests.store.examples import MEETING, SECOND, STARTED
from tests.store.examples import utterance as example

DEADLINE = 60.0
"""Seconds to wait for anything, most of which takes about three."""


@pytest.fixture
def meetings_folder(tmp_path: Path) -> Path:
    return tmp_path / "meetings"


@pytest.fixture
def utterances(store: Store, meetings_folder: Path) -> list[Utterance]:
    return record_meeting(meetings_folder, store)


@pytest.fixture
def queue(database_url: str) -> Iterator[JobQueue]:
    queue = JobQueue(database_url)
    yield queue
    queue.close()


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the engine's text for each utterance when nothing is killed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    store = Store(f"sqlite:///{folder}/notetaker.db")
    store.migrate()
    transcriber = Transcriber(POCKETSPHINX, processes=1)
    clips = [ClipToHear(utterance.clip, continues=False) for utterance in record_meeting(folder, store)]
    texts = [transcriber.final(folder / MEETING.id, [clip], Hints(thorough=True))[0].text for clip in clips]
    transcriber.close()
    store.close()
    assert all(texts)
    return texts


def test_a_meeting_is_transcribed_and_finished(
    store: Store,
    queue: JobQueue,
    database_url: str,
    meetings_folder: Path,
    utterances: list[Utterance],
    words: list[str],
) -> None:
    for utterance in utterances:
        queue.transcribe(utterance.id)
    queue.finish(MEETING.id)
    with _worker(database_url, meetings_folder) as worker:
        _wait_until(lambda: not (meetings_folder / MEETING.id / "journal").exists())
        _check_outcome(store, words)
        _wait_until(lambda: MEETING.id in store.heads(MEETING.guild_id))  # so it can be searched
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(DEADLINE) == 0
    assert len(list((meetings_folder / MEETING.id / "tracks").glob("*.ogg"))) == 3


@pytest.mark.parametrize(
    ("database_url", "transcribed", "signal_number"),
    [
        ("sqlite", 0, signal.SIGKILL),
        ("postgresql", 1, signal.SIGKILL),
        ("sqlite", 1, signal.SIGTERM),
    ],
    indirect=["database_url"],
)
def test_a_worker_resumes_the_jobs_of_one_that_was_stopped(
    transcribed: int,
    signal_number: int,
    store: Store,
    queue: JobQueue,
    database_url: str,
    meetings_folder: Path,
    utterances: list[Utterance],
    words: list[str],
) -> None:
    for utterance in utterances:
        queue.transcribe(utterance.id)
    queue.finish(MEETING.id)
    with _worker(database_url, meetings_folder) as worker:
        _wait_until(lambda: "PENDING" in _states(queue, utterances))
        _wait_until(lambda: len(store.transcribed(MEETING.id)) >= transcribed)
        worker.send_signal(signal_number)
        assert worker.wait(DEADLINE) == (0 if signal_number == signal.SIGTERM else -signal.SIGKILL)
    assert store.untranscribed(MEETING.id)
    with _worker(database_url, meetings_folder):
        _wait_until(lambda: bool(store.due_postings()))
    _check_outcome(store, words)


def test_another_worker_takes_over_from_one_that_is_not_restarted(
    store: Store,
    queue: JobQueue,
    database_url: str,
    meetings_folder: Path,
    utterances: list[Utterance],
    words: list[str],
) -> None:
    with _worker(database_url, meetings_folder) as survivor:
        with _worker(database_url, meetings_folder):
            for utterance in utterances:
                queue.transcribe(utterance.id)
            queue.finish(MEETING.id)
            _wait_until(lambda: _states(queue, utterances).count("PENDING") >= 2)  # one each
        _wait_until(lambda: bool(store.due_postings()))
        assert survivor.poll() is None
    _check_outcome(store, words)


def test_a_worker_killed_over_and_over_loses_nothing(
    store: Store,
    queue: JobQueue,
    database_url: str,
    meetings_folder: Path,
    utterances: list[Utterance],
    words: list[str],
) -> None:
    """The worker is killed at arbitrary instants until the meeting is done.

    The transcriptions were never requested, as if the bot had been killed before it could.
    """
    queue.finish(MEETING.id)
    journal = meetings_folder / MEETING.id / "journal"
    lives = 0
    while journal.exists():
        lives += 1
        with _worker(database_url, meetings_folder) as worker:
            end = time.monotonic() + 0.35 * 2**lives
            while journal.exists() and time.monotonic() < end:
                assert worker.poll() is None
                time.sleep(0.02)
    assert lives > 1
    _check_outcome(store, words)


def test_a_part_is_written_while_the_meeting_goes_on(
    store: Store, queue: JobQueue, database_url: str, meetings_folder: Path
) -> None:
    store.add_meeting(MEETING)
    for number in range(60):
        started_ns = STARTED + 10 * number * SECOND
        one = replace(example(number), started_ns=started_ns, ended_ns=started_ns + 9 * SECOND)
        store.add_utterance(one)
        said = Transcription("We decided to open the website in spring.", "e", language="en")
        store.set_final({one.id: said}, STARTED)
    queue.refine([one.id])  # it is refined already: what remains is to ask for the minutes
    with _worker(database_url, meetings_folder):
        _wait_until(lambda: bool(store.parts(MEETING.id)))
    [part, *_] = store.parts(MEETING.id).values()
    assert [item.kind for item in part.items].count(Kind.DECISION)


@contextmanager
def _worker(database_url: str, meetings_folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a worker that serves the queues, and kill it with SIGKILL at the end of the block."""
    command = [sys.executable, "-m", "tests.jobs.worker_process", database_url, str(meetings_folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, process_group=0) as worker:
        try:
            assert worker.stdout
            assert worker.stdout.readline() == "serving\n"
            yield worker
        finally:
            worker.kill()  # only the worker: its engine must exit by itself
            worker.wait(DEADLINE)
            _wait_until(lambda: not _group_is_alive(worker.pid))


def _group_is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _states(queue: JobQueue, utterances: list[Utterance]) -> list[str]:
    """Return the states of the jobs for final texts, one per utterance, because each has another speaker."""
    names = [refine_name([utterance.id]) for utterance in utterances]
    return list(queue.states(REFINE, names).values())


def _check_outcome(store: Store, words: list[str]) -> None:
    transcriptions = [transcription for _, transcription in store.transcribed(MEETING.id)]
    assert [transcription.text for transcription in transcriptions] == words
    assert [transcription.error for transcription in transcriptions] == [None] * len(words)
    [posting] = store.due_postings()
    assert posting.channel_id == MEETING.text_channel_id
    assert all(text in posting.attachment.lower() for text in words)
    assert store.notes(MEETING.id)
    meeting = store.meeting(MEETING.id)
    assert meeting and meeting.state == MeetingState.READY


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
