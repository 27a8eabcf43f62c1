"""One bot per state folder.

A second one would take the meetings that the first one is recording for interrupted ones and end them: the workers
would replace the journal by tracks while the first bot is still writing it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notetaker.service.settings import SettingsError


class AlreadyRunning(Exception):
    """Another bot uses the state folder. One sentence."""


@contextmanager
def only_bot(state_dir: Path) -> Iterator[None]:
    """Holds the folder; the kernel frees it when the process ends, however it ends.

    Raises AlreadyRunning, and SettingsError when the folder cannot be written to.
    """
    try:
        file = os.open(state_dir / "bot.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(
            f"NOTETAKER_STATE_DIR cannot be used: nothing can be written to {state_dir} ({error.strerror})"
        ) from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"another bot is running with the state folder {state_dir}: stop it first, or give this one "
                "another folder in NOTETAKER_STATE_DIR."
            ) from None
        os.truncate(file, 0)
        os.write(file, f"process {os.getpid()}".encode())
        yield
    finally:
        os.close(file)


def running_bot(state_dir: Path) -> str | None:
    """The bot that uses the folder, for a person ("process 4711"); None if there is none.

    Creates nothing and keeps nothing. Raises OSError when the lock cannot be looked at.
    """
    try:
        file = os.open(state_dir / "bot.lock", os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        fcntl.flock(
            file, fcntl.LOCK_SH | fcntl.LOCK_NB
        )  # for an instant, so that two who look do not see each other
    except BlockingIOError:
        return os.read(file, 100).decode(errors="replace") or "a process that has just begun"
    finally:
        os.close(file)
    return None
