"""Requesting jobs."""

import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from notetaker.jobs.queue import ASK, REFINE, TRANSCRIBE, JobQueue, refine_name
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from tests.harness import postgres


@pytest.fixture
def queue(database_url: str) -> Iterator[JobQueue]:
    queue = JobQueue(database_url)
    yield queue
    queue.close()


def test_asking_twice_is_asking_once(queue: JobQueue) -> None:
    for _ in range(2):
        queue.transcribe("u1")
        queue.finish("m1")
    queue.transcribe("u2")
    assert queue.states(TRANSCRIBE, ["u1", "u2", "u3"]) == {"u1": "ENQUEUED", "u2": "ENQUEUED"}


def test_a_batch_is_the_utterances_in_it(queue: JobQueue) -> None:
    batches = [["u1", "u2"], ["u1"], ["u1", "u2"], ["u2", "u3"]]
    for batch in batches:
        queue.refine(batch)
    names = [refine_name(batch) for batch in batches]
    assert len(set(names)) == 3
    assert queue.states(REFINE, [*names, "u1"]) == dict.fromkeys(names, "ENQUEUED")


def test_what_was_asked_for_outlives_the_asker(queue: JobQueue, database_url: str) -> None:
    queue.transcribe("u1")
    queue.close()
    again = JobQueue(database_url)
    assert again.states(TRANSCRIBE, ["u1"]) == {"u1": "ENQUEUED"}
    again.close()


def test_questions_of_an_earlier_life_are_forgotten(queue: JobQueue) -> None:
    queue.transcribe("u1")
    names = [queue.ask("Who pays?", [("m1", ["Ada pays."])]) for _ in range(2)]
    assert queue.states(ASK, names) == dict.fromkeys(names, "ENQUEUED")
    queue.forget_all_asked()
    assert queue.states(ASK, names) == {}
    assert queue.states(TRANSCRIBE, ["u1"]) == {"u1": "ENQUEUED"}


def test_queues_that_open_at_once_all_work(database_url: str) -> None:
    """Bot and workers may start together, and the first of them creates the tables."""

    def ask(number: int) -> dict[str, str]:
        queue = JobQueue(database_url)
        queue.transcribe(f"u{number}")
        states = queue.states(TRANSCRIBE, [f"u{number}"])
        queue.close()
        return states

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(ask, range(3))) == [{f"u{number}": "ENQUEUED"} for number in range(3)]


def test_a_queue_starts_no_threads(queue: JobQueue) -> None:
    before = set(threading.enumerate())
    queue.transcribe("u1")
    assert set(threading.enumerate()) == before


def test_jobs_lie_beside_the_store_and_only_the_owner_can_read_them(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/state/notetaker.db")
    queue = JobQueue(f"sqlite:///{tmp_path}/state/notetaker.db")
    queue.transcribe("u1")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    queue.close()
    store.close()
    assert "notetaker-jobs.db" in modes
    assert set(modes.values()) == {0o600}


def test_a_server_that_is_not_there_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^the job database cannot be used: [^\n]+$") as caught:
        JobQueue(f"postgresql://me:hunter2@/name?host={tmp_path}")
    assert "hunter2" not in str(caught.value)


def test_a_server_that_has_become_read_only_is_one_sentence(postgres_socket: Path) -> None:
    url = postgres.new_database(postgres_socket)
    JobQueue(url).close()
    queue = JobQueue(url + postgres.READ_ONLY)
    with pytest.raises(StoreError, match=r"^the job database cannot be used: .* in a read-only transaction$"):
        queue.finish("m1")
    queue.close()
