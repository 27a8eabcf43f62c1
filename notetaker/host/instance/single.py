"""One bot per account, and one per state folder.

Two processes with one token invalidate each other's voice sessions (4006). Two with one state folder mistake each
other's running meetings for interrupted ones. A second bot is stopped by one of these locks:

1. an abstract socket named after the account (``socket_name``), for any user, checkout and folder;
2. a lock file named after the account, in the runtime directory of systemd or of the login session, for processes of
   one user in different network namespaces, which do not see each other's sockets;
3. a lock file in the state folder, for any account.

All three are released when the process ends. They do not work across hosts; there a second bot is noticed by what
Discord reports (``voice.duplicate_bot``).
"""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from notetaker.host.errors import FULL, DiskFull, SettingsError
from notetaker.host.instance import lock_file, socket_name
from notetaker.host.instance.holder import Holder, Taken
from notetaker.host.sd_notify import runtime_directory


class AlreadyRunning(Exception):
    """Another bot uses the account or the state folder. The message describes it."""


@contextmanager
def only_bot(state_dir: Path, identity: str) -> Iterator[None]:
    """Hold the locks of the state folder and the account (``account.bot_identity``).

    Raises AlreadyRunning if another bot holds one, SettingsError or DiskFull if a lock file cannot be written.
    """
    holder = Holder.this_process()
    with ExitStack() as held:
        try:
            held.enter_context(socket_name.named(_name(identity), holder))
            _lock(held, _account_file(state_dir, identity), holder)
        except Taken as first:
            raise AlreadyRunning(
                f"another bot is running with this token ({first}). Stop it first: two bots with one token "
                "disconnect each other from voice."
            ) from None
        try:
            _lock(held, _folder_file(state_dir), holder)
        except Taken as first:
            raise AlreadyRunning(
                f"another bot is running with the state folder {state_dir} ({first}). Stop it first, or set "
                "NOTETAKER_STATE_DIR to another folder."
            ) from None
        yield


def running_bot(state_dir: Path, identity: str) -> str | None:
    """Describe the bot that uses the account or the folder ("process 4711 of ..."), or return None.

    Creates no file and keeps no lock. Raises OSError if a lock cannot be read.
    """
    return (
        socket_name.ask(_name(identity))
        or lock_file.holder_of(_account_file(state_dir, identity))
        or lock_file.holder_of(_folder_file(state_dir))
    )


def user_of_folder(state_dir: Path) -> str | None:
    """Describe the bot that uses the folder. Return None if there is none or the lock cannot be read."""
    with suppress(OSError):
        return lock_file.holder_of(_folder_file(state_dir))
    return None


def _lock(held: ExitStack, path: Path, holder: Holder) -> None:
    try:
        held.enter_context(lock_file.locked(path, holder))
    except OSError as error:
        reason = f"cannot write the lock file {path} ({error.strerror})"
        if error.errno in FULL:
            raise DiskFull(f"{reason}: free some disk space.") from None
        raise SettingsError(f"{reason}: the user {holder.user} must be able to write to it.") from None


def _name(identity: str) -> str:
    return f"notetaker-bot-{identity}"


def _folder_file(state_dir: Path) -> Path:
    return state_dir / "bot.lock"


def _account_file(state_dir: Path, identity: str) -> Path:
    """Return the account's lock file: in a runtime directory, or in the state folder if we have none.

    The environment may name another user's directory, for example after ``su``. It is not used.
    """
    of_login = os.environ.get("XDG_RUNTIME_DIR")
    named = runtime_directory(), Path(of_login) if of_login else None
    ours = (folder for folder in named if folder is not None and _is_ours(folder))
    return next(ours, state_dir) / f"{_name(identity)}.lock"


def _is_ours(folder: Path) -> bool:
    if not (os.access(folder, os.W_OK | os.X_OK) and folder.is_dir()):
        return False
    status = folder.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & stat.S_IWOTH
