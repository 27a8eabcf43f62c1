"""The store: all queries in one object, and the migration of the schema."""

import logging
import re
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from notetaker.store.consents import Consents
from notetaker.store.database import StoreUnfit
from notetaker.store.guilds import Guilds
from notetaker.store.indexes import Indexes
from notetaker.store.live_texts import LiveTexts
from notetaker.store.meetings import Meetings
from notetaker.store.panels import Panels
from notetaker.store.parts import Parts
from notetaker.store.postings import Postings
from notetaker.store.utterances import Utterances

_MIGRATIONS = Path(__file__).with_name("migrations")
logging.getLogger("alembic").setLevel(logging.WARNING)  # or it would log every start

_MIGRATION_LOCK = 0x6E6F7465  # an arbitrary number: "note"


class Store(Meetings, Utterances, Parts, Postings, Guilds, Consents, LiveTexts, Panels, Indexes):
    """The database at ``url``: ``sqlite:////path/notetaker.db`` or ``postgresql://user@host/name``.

    Raises StoreError if the URL is malformed or the database cannot be opened.
    """

    def migrate(self) -> None:
        """Bring the schema up to date. Processes that start at the same time wait for each other."""
        with self._transaction() as connection:
            _lock(connection)
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
            self._require_known(connection, ScriptDirectory.from_config(config))
            command.upgrade(config, "head")

    def check(self) -> None:
        """Read the database without changing it. Raises StoreUnfit if this release cannot use it."""
        with self._transaction() as connection:
            self._require_known(connection, ScriptDirectory(str(_MIGRATIONS)))

    def _require_known(self, connection: Connection, scripts: ScriptDirectory) -> None:
        """Raise StoreUnfit if the schema is not one of this release's, which could not migrate it."""
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision is None or revision in {script.revision for script in scripts.walk_revisions()}:
            return
        if re.fullmatch(r"\d{4}", revision):
            raise StoreUnfit(
                f"the database {self.name} is of a newer release of notetaker, with a schema {revision} that this "
                "one does not know; install that release again, or restore the backup from before the upgrade"
            )
        raise StoreUnfit(f"the database {self.name} belongs to another program; set another one")


def _lock(connection: Connection) -> None:
    """Keep other processes from migrating until the transaction ends."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            "BEGIN IMMEDIATE"
        )  # Python's sqlite3 would not begin before a CREATE TABLE
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
