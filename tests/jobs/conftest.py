"""Every test that takes ``database_url`` runs on SQLite and on PostgreSQL."""

from tests.store.conftest import database_url, postgres_socket, store

__all__ = ["database_url", "postgres_socket", "store"]
