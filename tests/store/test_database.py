"""Opening the database: which files it creates, which URLs it rejects, and how processes share it."""

import socket
import stat
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psycopg
import pytest

from notetaker.model.utterance import Transcription
from notetaker.store.database import NETWORK_LIMITS, StoreError, StoreSettingError, StoreUnfit
from notetaker.store.store import Store
from tests.harness import postgres
from tests.store.examples import MEETING, NOTES, POSTING, STARTED, utterance

PROCESSES = 3
UTTERANCES = 100
barrier: Barrier


def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/new/folder/notetaker.db")
    store.migrate()
    store.add_meeting(MEETING)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new" / "folder").iterdir()}
    store.close()
    assert modes == {"notetaker.db": 0o600, "notetaker.db-wal": 0o600, "notetaker.db-shm": 0o600}


def test_sqlite_is_opened_for_durability_and_several_processes(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/notetaker.db")
    with store.engine.connect() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for pragma in pragmas]
    store.close()
    assert found == ["wal", 2, 1, 30_000]  # 2 is FULL


def test_a_password_with_an_at_sign_is_not_taken_for_a_host() -> None:
    with pytest.raises(StoreSettingError, match=r"in a password, write @ as %40$") as caught:
        Store("postgresql://me:pa@hunter2@db.example/notes")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "nonsense", "postgresql://me:hunter2@host:port/name", "sqlite//:x"])
def test_a_malformed_url_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(StoreError, match="the database URL is malformed; use sqlite") as caught:
        Store(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://me@host/name", "database type 'mysql' is not supported"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_database_that_cannot_be_shared_is_refused(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        Store(url)


def test_a_file_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"the database {tmp_path} cannot be opened: Is a directory"):
        Store(f"sqlite:///{tmp_path}")


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look at: " + "x" * 5000)
    store = Store(f"sqlite:///{tmp_path}/notes.txt")
    for look in (store.migrate, store.check):
        with pytest.raises(StoreUnfit, match=r"notes.txt is damaged or not a SQLite file; restore a backup"):
            look()
    store.close()


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        (
            "9999",
            "is of a newer release of notetaker, with a schema 9999 that this one does not know; install",
        ),
        ("27c6a30d7c24", "belongs to another program; set another one"),
    ],
)
def test_a_schema_that_this_release_does_not_know_is_left_alone(
    database_url: str, revision: str, reason: str
) -> None:
    with closing(Store(database_url)) as store:
        store.check()  # an empty one can be migrated
        store.migrate()
        store.check()
        with store.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
        for look in (store.migrate, store.check):
            with pytest.raises(StoreUnfit, match=f"^the database {store.name} {reason}"):
                look()


def test_a_server_that_is_not_there_is_one_sentence_without_the_password(tmp_path: Path) -> None:
    store = Store(f"postgresql://me:hunter2@/name?host={tmp_path}")
    with pytest.raises(StoreError, match=r"^the database 'name' on .* cannot be used: .+$") as caught:
        store.migrate()
    store.close()
    assert "hunter2" not in str(caught.value)


def test_a_server_that_does_not_answer_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        store = Store(f"postgresql://me@127.0.0.1:{port}/name?connect_timeout=2")
        with pytest.raises(StoreError, match="timeout expired"):
            store.migrate()
        store.close()


def test_a_server_that_has_vanished_is_noticed(postgres_socket: Path) -> None:
    """Return the parameters that libpq reads from the URL, as libpq itself reports them."""
    with (
        closing(Store(postgres.new_database(postgres_socket))) as store,
        store.engine.connect() as connection,
    ):
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        parameters = driver.info.get_parameters()
    assert {name: parameters[name] for name in NETWORK_LIMITS} == NETWORK_LIMITS


def test_a_server_that_has_become_read_only_is_one_sentence(postgres_socket: Path) -> None:
    url = postgres.new_database(postgres_socket)
    with closing(Store(url)) as store:
        store.migrate()
    with (
        closing(Store(url + postgres.READ_ONLY)) as store,
        pytest.raises(StoreError, match=r"cannot be used: cannot execute INSERT in a read-only transaction$"),
    ):
        store.add_meeting(MEETING)


def test_a_role_that_may_not_create_tables_is_one_sentence(postgres_socket: Path) -> None:
    url = postgres.new_database(postgres_socket)
    with closing(Store(url)) as owner, owner.engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE guest LOGIN")
    refused = pytest.raises(StoreError, match=r"cannot be used: permission denied for schema public$")
    with closing(Store(url.replace("notetaker@", "guest@"))) as store, refused:
        store.migrate()


def test_processes_that_start_at_once_all_find_the_tables(database_url: str) -> None:
    with _processes() as pool:
        assert list(pool.map(_migrate_and_count, [database_url] * PROCESSES)) == [0] * PROCESSES


def test_processes_write_at_once_and_each_utterance_is_new_to_one(store: Store, database_url: str) -> None:
    store.add_meeting(MEETING)
    with _processes() as pool:
        new = list(pool.map(_add_utterances, [database_url] * PROCESSES))
    assert sum(new) == UTTERANCES
    assert store.utterances(MEETING.id) == [utterance(number) for number in range(UTTERANCES)]
    assert len(store.transcribed(MEETING.id)) == UTTERANCES


def test_one_of_several_processes_makes_the_first_attempt_to_post(store: Store, database_url: str) -> None:
    store.add_meeting(MEETING)
    store.save_notes(NOTES, POSTING)
    with _processes() as pool:
        assert sorted(pool.map(_begin_posting, [database_url] * PROCESSES)) == [False] * (PROCESSES - 1) + [
            True
        ]


def _processes() -> ProcessPoolExecutor:
    """Run one call in each of several processes, all starting together."""
    context = get_context("spawn")
    return ProcessPoolExecutor(
        PROCESSES, mp_context=context, initializer=_set_barrier, initargs=(context.Barrier(PROCESSES),)
    )


def _set_barrier(shared: Barrier) -> None:
    global barrier
    barrier = shared


def _migrate_and_count(url: str) -> int:
    barrier.wait(30)
    store = Store(url)
    store.migrate()
    meetings = len(store.meetings())
    store.close()
    return meetings


def _add_utterances(url: str) -> int:
    """Return how many were new."""
    store = Store(url)
    store.meetings()
    barrier.wait(30)
    new = 0
    for number in range(UTTERANCES):
        new += store.add_utterance(utterance(number))
        store.set_final({utterance(number).id: Transcription("words", "engine")}, STARTED)
    store.close()
    return new


def _begin_posting(url: str) -> bool:
    store = Store(url)
    store.meetings()
    barrier.wait(30)
    first = store.begin_posting(MEETING.id)
    store.close()
    return first
