"""A file that one process can have locked, and that says who.

The kernel frees the lock (flock(2)) when the process ends, however it ends. A file that is left behind means nothing,
whatever it says.
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
"""Before each try: ``holder_of`` has the lock too, for the instant of its look."""

OPEN_FLAGS = os.O_CLOEXEC | os.O_NOFOLLOW
"""Not by way of a symbolic link: what it leads to would be overwritten."""


@contextmanager
def locked(path: Path, holder: Holder) -> Iterator[None]:
    """Raises Taken, and OSError when there cannot be such a file."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | OPEN_FLAGS, 0o600)
    try:
        _lock(file)
        try:
            os.truncate(file, 0)
            os.write(file, holder.json_bytes())
        except OSError as error:  # a full disk; the lock holds nevertheless
            log.warning("%s does not say who has locked it: %s", path, error)
        yield
    finally:
        os.close(file)


def holder_of(path: Path) -> str | None:
    """Who has it locked, for a person; None if nobody has. Creates nothing. Raises OSError."""
    try:
        file = os.open(path, os.O_RDONLY | OPEN_FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who look do not see each other
    except BlockingIOError:
        return _says(file)
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
    raise Taken(_says(file))


def _says(file: int) -> str:
    try:
        return str(Holder.read(os.pread(file, MAX_BYTES, 0)))
    except ValueError:
        return UNKNOWN
