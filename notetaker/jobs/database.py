"""Where jobs are stored: a file next to a SQLite store, or the schema ``dbos`` in the same PostgreSQL database."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from dbos import DBOS
from sqlalchemy.exc import DatabaseError, InternalError, OperationalError

from notetaker.store.database import (
    BUSY_TIMEOUT,
    DAMAGED,
    StoreError,
    StoreUnfit,
    damaged,
    make_private_file,
    parse_url,
    use_wal,
)

APPLICATION = "notetaker"
"""Our name in a DBOS database, which several applications may share."""


def jobs_file(database_url: str) -> Path | None:
    """Return ``notetaker-jobs.db`` next to ``notetaker.db``, or None if the store is PostgreSQL."""
    url = parse_url(database_url)
    if url.get_backend_name() != "sqlite":
        return None
    assert url.database
    store = Path(url.database)
    return store.with_stem(f"{store.stem}-jobs")


def jobs_url(database_url: str) -> str:
    """Return the URL for DBOS. It contains the password if the store's URL does."""
    if file := jobs_file(database_url):
        return f"sqlite:///{file}"
    return parse_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


def prepare(database_url: str) -> None:
    """Create the tables of DBOS. Any process may be the first, even several at once. Raises StoreError."""
    quiet_dbos()
    with store_errors(database_url):
        if file := jobs_file(database_url):
            make_private_file(file)
            with closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT)) as connection:
                use_wal(connection)
        DBOS.migrate(jobs_url(database_url))


def check(database_url: str) -> None:
    """Read the job database, if it is a file that exists. Raises StoreError."""
    file = jobs_file(database_url)
    if file is not None and file.exists():
        with store_errors(database_url), closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").close()


@contextmanager
def store_errors(database_url: str) -> Iterator[None]:
    """Turn the exceptions of an unusable database into StoreError, as ``store.database`` does."""
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:
        original = error if isinstance(error, sqlite3.DatabaseError) else error.orig
        if damaged(original):
            raise StoreUnfit(DAMAGED.format("job database", jobs_file(database_url))) from error
        if not isinstance(error, InternalError | OperationalError | sqlite3.OperationalError):
            raise
        reason = str(original).strip().splitlines()[0]
        raise StoreError(f"the job database cannot be used: {reason}") from error


def quiet_dbos() -> None:
    """Make DBOS log warnings and errors only, through the process's own logging."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:  # or it would add a console handler and stop propagating to the root
        logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.WARNING)
