"""A temporary PostgreSQL cluster, run by an ordinary user."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest

READ_ONLY = "&options=-c%20default_transaction_read_only%3Don"
"""A URL's query that makes the server reject changes, as a standby does."""

_numbers = count(1)


def programs() -> Path:
    """Find initdb and pg_ctl on the path or where Debian puts them, or skip the test."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not versions:
        pytest.skip("PostgreSQL is not installed")
    return versions[-1].parent


@contextmanager
def cluster(folder: Path, port: int | None = None) -> Iterator[Path]:
    """Run a server, and yield the folder of its socket. With ``port``, it also listens on 127.0.0.1."""
    binaries = programs()
    # PostgreSQL refuses to run as root; Debian's package creates this user.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(binaries / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(
            command,
            user=user,
            cwd=folder,
            check=True,
            timeout=60,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    run("initdb", "-A", "trust", "-U", "notetaker", "--no-sync")
    address = f"-c listen_addresses=127.0.0.1 -c port={port}" if port else "-c listen_addresses=''"
    options = f"{address} -c unix_socket_directories='{folder}' -c fsync=off"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield folder
    finally:
        run("pg_ctl", "-w", "-m", "immediate", "stop")


@contextmanager
def temporary_cluster() -> Iterator[Path]:
    """Make a folder with a short name (a socket's path has at most 107 bytes) that the server's user may enter."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, cluster(Path(folder)) as socket:
        yield socket


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Freeze the cluster: connections to it neither succeed nor fail."""
    first = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    stopped = []
    try:
        for pid in (first, *_children(first)):  # once stopped, it starts no more of them
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)
        yield
    finally:
        for pid in reversed(stopped):  # the first one reaps the others
            os.kill(pid, signal.SIGCONT)


def _children(parent: int) -> Iterator[int]:
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has exited
            # proc_pid_stat(5): the name is in parentheses, and may contain any character
            if int(file.read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(file.parent.name)


def new_database(socket: Path) -> str:
    """Create a database and return its URL."""
    name = f"test{next(_numbers)}"
    with psycopg.connect(f"host={socket} user=notetaker dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://notetaker@/{name}?host={socket}"
