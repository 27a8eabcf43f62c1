"""The fixture ``database_url``, with which a test runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from notetaker.store.store import Store
from tests.store import postgres


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    with postgres.temporary_cluster() as socket:
        yield socket


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/notetaker.db"
    return postgres.new_database(request.getfixturevalue("postgres_socket"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    store.migrate()
    yield store
    store.close()
