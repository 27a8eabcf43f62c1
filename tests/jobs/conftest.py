"""The fixture ``database_url``, with which a test runs on SQLite and on PostgreSQL."""

from tests.store.conftest import database_url, postgres_socket, store

__all__ = ["database_url", "postgres_socket", "store"]
