"""Where jobs are kept: a file beside a SQLite store, or the same PostgreSQL database schema ``dbos``."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from dbos import DBOS
from sqlalchemy.exc import InternalError, OperationalError

from notetaker.store.database import BUSY_TIMEOUT, StoreError, make_private_file, parse_url, use_wal

APPLICATION = "notetaker"
"""Several applications may share a DBOS database; each sees its own jobs."""


def jobs_file(database_url: str) -> Path | None:
    """``notetaker-jobs.db`` beside ``notetaker.db``; None when the store is PostgreSQL."""
    url = parse_url(database_url)
    if url.get_backend_name() != "sqlite":
        return None
    assert url.database
    store = Path(url.database)
    return store.with_stem(f"{store.stem}-jobs")


def jobs_url(database_url: str) -> str:
    """The URL for DBOS. Holds the password if the store's URL does."""
    if file := jobs_file(database_url):
        return f"sqlite:///{file}"
    return parse_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)


def prepare(database_url: str) -> None:
    """Make the tables of DBOS. Any process may be the first, also several at once. Raises StoreError."""
    quiet_dbos()
    with store_errors():
        if file := jobs_file(database_url):
            make_private_file(file)
            with closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT)) as connection:
                use_wal(connection)
        DBOS.migrate(jobs_url(database_url))


@contextmanager
def store_errors() -> Iterator[None]:
    """Turns "the database cannot be used now" into one sentence, a StoreError; as ``store.database`` does."""
    try:
        yield
    except (InternalError, OperationalError, sqlite3.OperationalError) as error:
        cause = error if isinstance(error, sqlite3.OperationalError) else error.orig
        reason = str(cause).strip().splitlines()[0]
        raise StoreError(f"the job database cannot be used: {reason}") from error


def quiet_dbos() -> None:
    """DBOS reports through the process's own logging, and only what is wrong."""
    logger = logging.getLogger("dbos")
    if (
        not logger.handlers
    ):  # without one it would add its own console handler and cut itself off from the root
        logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.WARNING)
