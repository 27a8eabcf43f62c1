"""Locks that show which workers are alive. A second connection or open file stands for a second process."""

import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from notetaker.jobs.slots import PostgresSlots, SlotLostError, Slots, open_slots, take_slot
from notetaker.store.database import parse_url
from tests.harness import postgres

WAIT_S = 10


def test_every_worker_gets_a_slot_of_its_own(database_url: str) -> None:
    workers = [open_slots(database_url) for _ in range(3)]
    assert [take_slot(slots) for slots in workers] == [1, 2, 3]
    workers[1].close()
    late = open_slots(database_url)
    _until_free(late, 2)
    assert take_slot(late) == 2
    for slots in (workers[0], workers[2], late):
        slots.close()


def test_the_slot_of_a_dead_worker_is_free(database_url: str) -> None:
    alive, other = open_slots(database_url), open_slots(database_url)
    take_slot(alive)
    assert other.try_lock(1) is False
    alive.close()
    _until_free(other, 1)
    assert take_slot(other) == 1
    other.close()


def test_a_worker_keeps_its_slot_when_the_server_drops_the_connection(postgres_socket: Path) -> None:
    url = postgres.new_database(postgres_socket)
    slots, other = PostgresSlots(url), PostgresSlots(url)
    take_slot(slots)
    _drop_connections(url)
    slots.keep()
    other.keep()
    assert other.try_lock(1) is False
    slots.close()
    other.close()


def test_a_worker_notices_that_its_slot_is_lost(postgres_socket: Path) -> None:
    url = postgres.new_database(postgres_socket)
    slots = PostgresSlots(url)
    take_slot(slots)
    _drop_connections(url)
    other = PostgresSlots(url)
    assert take_slot(other) == 1
    with pytest.raises(SlotLostError, match="another worker took slot 1"):
        slots.keep()
    slots.close()
    other.close()


def _until_free(slots: Slots, slot: int) -> None:
    """Wait until a slot is free. PostgreSQL notices a moment late that a connection was closed."""
    deadline = time.monotonic() + WAIT_S
    while not slots.try_lock(slot):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    slots.unlock(slot)


def _drop_connections(url: str) -> None:
    """Terminate all connections and wait until they are gone."""
    engine = create_engine(parse_url(url))
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, :wait_ms) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ),
            {"wait_ms": WAIT_S * 1000},
        )
    engine.dispose()
