"""Opens the database and runs transactions."""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, Executable, Row, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InternalError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

T = TypeVar("T")

BUSY_TIMEOUT = 30.0
"""Seconds that SQLite waits for another process's transaction. Ours take milliseconds."""

NETWORK_LIMITS = {
    "connect_timeout": "10",
    "keepalives_idle": "20",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}
"""Timeouts that detect an unreachable server within 10 s when connecting and 40 s otherwise; TCP alone takes many
minutes. The last one is in milliseconds (PostgreSQL docs, libpq, "Parameter Key Words"). The URL can override them.
"""

INSUFFICIENT_PRIVILEGE = "42501"
"""An SQLSTATE (PostgreSQL docs, Appendix A)."""

EXAMPLES = "sqlite:////var/lib/notetaker/notetaker.db or postgresql://notetaker@db.example/notetaker"

DAMAGED = (
    "the {} {} is damaged or not a SQLite file; restore a backup, or move it away to start with a new one"
)


class StoreError(Exception):
    """The database cannot be used. The message is one sentence for the person who runs the service."""


class StoreSettingError(StoreError):
    """The database cannot be used because it is configured wrongly; retrying is pointless."""


class StoreUnfit(StoreSettingError):
    """The database is damaged, or not one of this release. The message says what to do about it."""


class Rejected(Exception):
    """The database rejected a statement, which is a bug of ours. The message omits the database's own, because
    PostgreSQL quotes the row, which may contain what people said.
    """


def parse_url(url: str) -> URL:
    """Return the URL with our driver and timeouts. Raises StoreSettingError unless it is SQLite or PostgreSQL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # never quoted: a malformed URL may contain a password
        raise StoreSettingError(f"the database URL is malformed; use {EXAMPLES}") from None
    backend = parsed.get_backend_name()
    if backend in ("postgresql", "postgres"):
        if "@" in (parsed.host or ""):  # it is part of a password, and hosts are shown
            raise StoreSettingError("the database URL has more than one @; in a password, write @ as %40")
        return parsed.set(drivername="postgresql+psycopg", query=NETWORK_LIMITS | dict(parsed.query))
    if backend != "sqlite":
        raise StoreSettingError(f"database type {backend!r} is not supported; use {EXAMPLES}")
    if not parsed.database or parsed.database == ":memory:":
        raise StoreSettingError(
            f"the database URL names no file for bot and workers to share; use {EXAMPLES}"
        )
    return parsed.set(drivername="sqlite+pysqlite")


class Database:
    """A database that any thread may query."""

    def __init__(self, url: str) -> None:
        self._url = parse_url(url)
        if self._url.get_backend_name() == "sqlite":
            make_private_file(self._path)
            # errors must not show parameters, which contain what people said
            arguments = {"timeout": BUSY_TIMEOUT}
            self.engine = create_engine(self._url, hide_parameters=True, connect_args=arguments)
            event.listen(self.engine, "connect", _set_pragmas)
        else:
            self.engine = create_engine(self._url, hide_parameters=True, pool_pre_ping=True)

    def close(self) -> None:
        """Close all connections. The object cannot be used afterwards."""
        self.engine.dispose()

    def ping(self) -> None:
        """Return when the database has answered. Raises StoreError."""
        with self._transaction() as connection:
            connection.exec_driver_sql("SELECT 1")

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Run a transaction and commit it. Raises StoreError if the database is unusable, and Rejected."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except DatabaseError as error:
            # The base class itself means "file is not a database", and InternalError means that the server is
            # read-only or timed out; the other subclasses are our bugs, except for a missing privilege.
            usable = type(error) not in (DatabaseError, InternalError, OperationalError)
            if usable and getattr(error.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
                raise Rejected(_kind(error.orig)) from None
            if damaged(error.orig):
                raise StoreUnfit(DAMAGED.format("database", self.name)) from error
            reason = str(error.orig).strip().splitlines()[0]
            raise StoreError(f"the database {self.name} cannot be used: {reason}") from error

    def _read(self, query: Executable) -> Sequence[Row[Any]]:
        """Return all rows of a query, or of a statement with RETURNING, in a transaction of its own."""
        with self._transaction() as connection:
            return connection.execute(query).all()

    def _write(self, *statements: Executable) -> None:
        """Run statements in one transaction."""
        with self._transaction() as connection:
            for statement in statements:
                connection.execute(statement)

    def _insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Make an INSERT that supports ON CONFLICT, in the database's dialect (both spell it the same)."""
        return sqlite.insert(table) if self.engine.dialect.name == "sqlite" else postgresql.insert(table)

    @property
    def _path(self) -> Path:
        assert self._url.database
        return Path(self._url.database)

    @property
    def name(self) -> str:
        """The database's name for messages, without user name and password."""
        if self._url.get_backend_name() == "sqlite":
            return str(self._path)
        return f"{self._url.database!r} on {self._url.host or 'the local socket'}"


def decoded(adapter: TypeAdapter[T], value: object) -> T:
    """Return what a JSON column holds. Raises StoreError, which quotes nothing of it: it may be what people said."""
    try:
        return adapter.validate_python(value)
    except ValidationError:
        raise StoreError("minutes in the database are damaged, or of a newer release") from None


def make_private_file(path: Path) -> None:
    """Create a file that only its owner can read. SQLite gives its -wal and -shm files the same mode.

    The file is never opened here, because closing it would drop the locks that SQLite holds on it in this process
    (SQLite docs, How To Corrupt An SQLite Database File, section 2.2).
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


def damaged(error: BaseException | None) -> bool:
    """Return whether SQLite finds that a file is damaged, or none of its databases (SQLite docs, Result Codes)."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _kind(error: BaseException | None) -> str:
    """Return ``UniqueViolation: postings, pk_postings`` or ``IntegrityError: SQLITE_CONSTRAINT_FOREIGNKEY``."""
    diagnostic = getattr(error, "diag", None)
    where = [getattr(diagnostic, name, None) for name in ("table_name", "column_name", "constraint_name")]
    details = ", ".join(filter(None, [*where, getattr(error, "sqlite_errorname", None)]))
    return f"{type(error).__name__}: {details}"


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def use_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging, which the file remembers. Raises sqlite3.OperationalError.

    Switching needs exclusive access, for which SQLite does not wait as it does for a transaction. Without our own
    waiting, bot and workers would fail when they start together for the first time.
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
    """Set ``synchronous=FULL``, because what follows a commit (posting, deleting the journal) must not outlive it."""
    use_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()
