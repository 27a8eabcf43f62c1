"""A lock file that contains who holds it.

The kernel releases the lock (flock(2)) when the process ends, however that happens. The contents of a file without a
lock mean nothing.
"""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notetaker.host.instance.holder import MAX_BYTES, UNKNOWN, Holder, Taken

log = logging.getLogger(__name__)

PAUSES_S = (0.0, 0.02, 0.05, 0.1, 0.2)
"""Pauses before each try: ``holder_of`` holds the lock for a moment too."""

OPEN_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW
"""Symbolic links are not followed: their target would be overwritten."""


@contextmanager
def locked(path: Path, holder: Holder) -> Iterator[None]:
    """Hold the lock. Raises Taken if another process holds it, or OSError if the file cannot be written."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | OPEN_FLAGS, 0o600)
    try:
        _lock(file)
        try:
            os.truncate(file, 0)
            os.write(file, holder.model_dump_json().encode())
        except OSError as error:  # a full disk; the lock is held anyway
            log.warning("Cannot write to the lock file %s: %s", path, error)
        yield
    finally:
        os.close(file)


def holder_of(path: Path) -> str | None:
    """Describe the process that holds the lock, or return None. Creates no file. May raise OSError."""
    try:
        file = os.open(path, os.O_RDONLY | OPEN_FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared, so that two callers do not see each other
    except BlockingIOError:
        return _read(file)
    finally:
        os.close(file)
    return None


def _lock(file: int) -> None:
    for pause_s in PAUSES_S:
        time.sleep(pause_s)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            continue
    raise Taken(_read(file))


def _read(file: int) -> str:
    try:
        return str(Holder.model_validate_json(os.pread(file, MAX_BYTES, 0)))
    except ValueError:
        return UNKNOWN
