"""Fixtures for all tests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from notetaker.discordsim.server import LocalDiscord
from notetaker.store.store import Store
from tests.harness import postgres
from tests.harness.bench import Bench
from tests.harness.office import Office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with LocalDiscord(state_dir=tmp_path) as local, ClientSession() as http:
        yield Office(local, http, tmp_path)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        bench = Bench(tmp_path, tasks)
        yield bench
        bench.close()


@pytest.fixture(scope="session")
def postgres_socket() -> Iterator[Path]:
    with postgres.temporary_cluster() as socket:
        yield socket


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A test that takes it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/notetaker.db"
    return postgres.new_database(request.getfixturevalue("postgres_socket"))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    store.migrate()
    yield store
    store.close()
