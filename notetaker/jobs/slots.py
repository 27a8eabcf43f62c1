"""Detects which workers are alive.

Each worker process holds a lock as long as it lives, and the kernel (or the PostgreSQL server) releases it when the
process dies. So a worker is dead if another one can take its lock, with no heartbeats and no timeouts.
"""

import fcntl
import os
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from notetaker.jobs.database import jobs_file
from notetaker.store.database import make_private_file, parse_url

_POSTGRES_CLASS = 0x6E6F7465
"""First half of the key of our advisory locks ("note"), because others may lock in the same database. The second half
is the slot."""


class SlotLostError(Exception):
    """Another worker has taken this one's slot."""


class Slots(Protocol):
    """Locks for workers, numbered from 1. Used from one thread at a time."""

    def try_lock(self, slot: int) -> bool:
        """Lock a slot. Return False if another process holds it."""

    def unlock(self, slot: int) -> None: ...

    def keep(self) -> None:
        """Lock the slots again after a lost connection. Call this regularly.

        Raises SlotLostError if another worker was faster, and OperationalError while there is no connection.
        """

    def close(self) -> None:
        """Unlock all slots."""


def open_slots(database_url: str) -> Slots:
    file = jobs_file(database_url)
    return FileSlots(file.with_suffix(".workers")) if file else PostgresSlots(database_url)


def take_slot(slots: Slots) -> int:
    """Lock the first free slot and return it. A restarted worker gets its old one back."""
    return next(slot for slot in count(1) if slots.try_lock(slot))


class FileSlots:
    """One locked file per slot, for workers on one host."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locked: dict[int, int] = {}  # slot -> file descriptor

    def try_lock(self, slot: int) -> bool:
        path = self._folder / str(slot)
        make_private_file(path)
        file = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._locked[slot] = file
        return True

    def unlock(self, slot: int) -> None:
        os.close(self._locked.pop(slot))

    def keep(self) -> None:
        """Do nothing: only the death of this process could release its locks."""

    def close(self) -> None:
        for slot in list(self._locked):
            self.unlock(slot)


class PostgresSlots:
    """Advisory locks of one PostgreSQL session, for workers on any number of hosts."""

    def __init__(self, database_url: str) -> None:
        url = parse_url(database_url)
        self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection = self._engine.connect()
        self._locked: set[int] = set()

    def try_lock(self, slot: int) -> bool:
        locked = self._call("pg_try_advisory_lock", slot)
        if locked:
            self._locked.add(slot)
        return locked

    def unlock(self, slot: int) -> None:
        self._call("pg_advisory_unlock", slot)
        self._locked.remove(slot)

    def keep(self) -> None:
        try:
            self._connection.execute(text("SELECT 1"))
            return
        except DBAPIError:
            self._connection.close()
        self._connection = self._engine.connect()
        for slot in self._locked:
            if not self._call("pg_try_advisory_lock", slot):
                raise SlotLostError(f"another worker took slot {slot} while the database was unavailable")

    def close(self) -> None:
        self._connection.close()

    def _call(self, function: str, slot: int) -> bool:
        statement = text(f"SELECT {function}(:class, :slot)")
        return bool(self._connection.execute(statement, {"class": _POSTGRES_CLASS, "slot": slot}).scalar())
