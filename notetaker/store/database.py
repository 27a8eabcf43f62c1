"""Opening the database: what every query stands on."""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InternalError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT = 30.0
"""Seconds that SQLite waits for another process's transaction; ours take milliseconds."""

NETWORK_LIMITS = {
    "connect_timeout": "10",
    "keepalives_idle": "20",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}
"""A server that cannot be reached any more is noticed within 10 s when connecting and 40 s else; TCP alone takes many
minutes. The last is in milliseconds (PostgreSQL docs, libpq, "Parameter Key Words"). What the URL says wins.
"""

INSUFFICIENT_PRIVILEGE = "42501"
"""PostgreSQL docs, Appendix A."""

EXAMPLES = "sqlite:////var/lib/notetaker/notetaker.db or postgresql://notetaker@db.example/notetaker"


class StoreError(Exception):
    """The database cannot be used; the message is one sentence for the person who runs the service."""


class StoreSettingError(StoreError):
    """The database cannot be used, and trying again will not help: where it shall be is set wrongly."""


class Rejected(Exception):
    """The database does not accept what it is given: a bug of ours. Its own message is left out, because PostgreSQL
    quotes the row, which may hold what people said.
    """


def parse_url(url: str) -> URL:
    """The URL with our driver and limits. Raises StoreSettingError for all but a SQLite file or PostgreSQL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # never quoted: what could not be parsed may hold a password
        raise StoreSettingError(f"the database URL is malformed; write something like {EXAMPLES}") from None
    backend = parsed.get_backend_name()
    if backend in ("postgresql", "postgres"):
        if "@" in (parsed.host or ""):  # it is part of a password, and hosts are shown
            raise StoreSettingError("the database URL has more than one @: in a password, write it as %40")
        return parsed.set(drivername="postgresql+psycopg", query=NETWORK_LIMITS | dict(parsed.query))
    if backend != "sqlite":
        raise StoreSettingError(f"the database URL names {backend!r}, which is not supported; use {EXAMPLES}")
    if not parsed.database or parsed.database == ":memory:":
        raise StoreSettingError(
            f"the database URL names no file, and bot and worker share one; use {EXAMPLES}"
        )
    return parsed.set(drivername="sqlite+pysqlite")


class Database:
    """One database, open for queries from any thread."""

    def __init__(self, url: str) -> None:
        self._url = parse_url(url)
        if self._url.get_backend_name() == "sqlite":
            make_private_file(self._path)
            # Parameters are hidden in errors because they are what people said.
            arguments = {"timeout": BUSY_TIMEOUT}
            self._engine = create_engine(self._url, hide_parameters=True, connect_args=arguments)
            event.listen(self._engine, "connect", _set_pragmas)
        else:
            self._engine = create_engine(self._url, hide_parameters=True, pool_pre_ping=True)

    @property
    def engine(self) -> Engine:
        return self._engine

    def close(self) -> None:
        """Close all connections. The object is of no use afterwards."""
        self._engine.dispose()

    def ping(self) -> None:
        """Returns when the database has answered. Raises StoreError."""
        with self._transaction() as connection:
            connection.exec_driver_sql("SELECT 1")

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """One transaction, committed at the end. Raises StoreError when there is no reaching it, and Rejected."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except DatabaseError as error:
            # The base class itself is "file is not a database", and InternalError a server that has become read-only
            # or allows a transaction no more time; the other subclasses are our mistakes, but for a missing right.
            usable = type(error) not in (DatabaseError, InternalError, OperationalError)
            if usable and getattr(error.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
                raise Rejected(_kind(error.orig)) from None
            reason = str(error.orig).strip().splitlines()[0]
            raise StoreError(f"the database {self.name} cannot be used: {reason}") from error

    @property
    def _path(self) -> Path:
        assert self._url.database
        return Path(self._url.database)

    @property
    def name(self) -> str:
        """For messages: never with user name or password."""
        if self._url.get_backend_name() == "sqlite":
            return str(self._path)
        return f"{self._url.database!r} on {self._url.host or 'the local socket'}"


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in the database's own dialect (the two are spelt the same)."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def make_private_file(path: Path) -> None:
    """The file readable by its owner only; SQLite gives the -wal and -shm files beside it the same mode.

    It is never opened here: closing a file drops the locks that SQLite holds on it in this process (SQLite docs, How
    To Corrupt An SQLite Database File, section 2.2).
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.mknod(path, 0o600)
        if path.is_dir():
            raise _os_error(errno.EISDIR)
        if not os.access(path, os.R_OK | os.W_OK):
            raise _os_error(errno.EACCES)
    except OSError as error:
        kind = StoreError if error.errno in (errno.ENOSPC, errno.EDQUOT) else StoreSettingError
        raise kind(f"the database {path} cannot be opened: {error.strerror}") from error


def _kind(error: BaseException | None) -> str:
    """``UniqueViolation: postings, pk_postings``, ``IntegrityError: SQLITE_CONSTRAINT_FOREIGNKEY``."""
    diagnostic = getattr(error, "diag", None)
    where = [getattr(diagnostic, name, None) for name in ("table_name", "column_name", "constraint_name")]
    details = ", ".join(filter(None, [*where, getattr(error, "sqlite_errorname", None)]))
    return f"{type(error).__name__}: {details}"


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def use_wal(connection: sqlite3.Connection) -> None:
    """Write-ahead logging, which stays with the file. Raises sqlite3.OperationalError.

    Who switches needs the file alone, and SQLite does not wait for that as it does for a transaction: bot and
    workers that start together for the first time would fail.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _set_pragmas(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    """``synchronous=FULL``: what follows a commit (posting, deleting the journal) must not outlive it."""
    use_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()
