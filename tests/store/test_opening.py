"""Opening a SQLite file does not harm others who have it open."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from notetaker.store import database

WRITE = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"


def test_the_switch_to_wal_waits_for_a_reader_in_another_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.db"
    with closing(sqlite3.connect(file)) as reader, closing(sqlite3.connect(file, timeout=0)) as opener:
        reader.execute("CREATE TABLE t (x)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t").fetchall()
        waits: list[float] = []

        def wait(seconds: float) -> None:
            waits.append(seconds)
            reader.rollback()

        monkeypatch.setattr(time, "sleep", wait)
        database.use_wal(opener)
        assert opener.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert len(waits) == 1


def test_a_file_that_is_there_keeps_the_locks_that_this_process_holds_on_it(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    database.make_private_file(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        database.make_private_file(file)
        other = subprocess.run(
            [sys.executable, "-c", WRITE, file], capture_output=True, text=True, check=False
        )
        assert "database is locked" in other.stderr
