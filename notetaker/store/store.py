"""The store: all queries in one object, and the migration of the schema."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from notetaker.store.guilds import Guilds
from notetaker.store.meetings import Meetings
from notetaker.store.parts import Parts
from notetaker.store.postings import Postings
from notetaker.store.utterances import Utterances

_MIGRATIONS = Path(__file__).with_name("migrations")
logging.getLogger("alembic").setLevel(logging.WARNING)  # or it would log every start

_MIGRATION_LOCK = 0x6E6F7465  # an arbitrary number: "note"


class Store(Meetings, Utterances, Parts, Postings, Guilds):
    """The database at ``url``: ``sqlite:////path/notetaker.db`` or ``postgresql://user@host/name``.

    Raises StoreError if the URL is malformed or the database cannot be opened.
    """

    def migrate(self) -> None:
        """Bring the schema up to date. Processes that start at the same time wait for each other."""
        with self._transaction() as connection:
            _lock(connection)
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
            command.upgrade(config, "head")


def _lock(connection: Connection) -> None:
    """Keep other processes from migrating until the transaction ends."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "BEGIN IMMEDIATE"
        )  # Python's sqlite3 would not begin before a CREATE TABLE
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
