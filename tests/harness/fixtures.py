import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from notetaker.discordsim.server import LocalDiscord
from tests.harness.bench import Bench
from tests.harness.office import Office
from tests.store.conftest import postgres_socket

__all__ = ["bench", "office", "postgres_socket"]


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
