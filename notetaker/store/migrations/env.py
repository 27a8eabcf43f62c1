"""Runs the migrations for ``Store.migrate()``, which has opened the connection and holds the lock."""

from alembic import context

from notetaker.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
