"""One bot per account, and one per state folder.

Two processes with one token take the voice sessions away from each other (4006, ``voice.duplicate_bot``). Two in one
state folder take each other's running meetings for interrupted ones. Whoever comes second is refused by

1. the name of the account on this host (``instance_socket``): whichever user, checkout and folders;
2. a locked file named after the account, in the runtime folder of systemd or of the login session: where two
   processes of one user have a network namespace each, and so do not see each other's names;
3. a locked file in the state folder: whichever account.

All three end with the process. Other hosts see none of them; there Discord itself gives the second one away
(``voice.duplicate_bot``).
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
    """Another bot uses the account or the state folder. One sentence that names it."""


@contextmanager
def only_bot(state_dir: Path, identity: str) -> Iterator[None]:
    """Holds the account (of ``identity.bot_identity``) and the folder.

    Raises AlreadyRunning, and SettingsError or DiskFull when a folder cannot be written to.
    """
    holder = Holder.this_process()
    with ExitStack() as held:
        try:
            held.enter_context(socket_name.named(_name(identity), holder))
            _lock(held, _account_file(state_dir, identity), holder)
        except Taken as first:
            raise AlreadyRunning(
                f"another bot is running with this token ({first}): stop it first, because two bots with one token "
                "throw each other out of voice."
            ) from None
        try:
            _lock(held, _folder_file(state_dir), holder)
        except Taken as first:
            raise AlreadyRunning(
                f"another bot is running with the state folder {state_dir} ({first}): stop it first, or give this "
                "one another folder in NOTETAKER_STATE_DIR."
            ) from None
        yield


def running_bot(state_dir: Path, identity: str) -> str | None:
    """The bot that uses the account or the folder, for a person ("process 4711 of ..."); None if there is none.

    Creates nothing and keeps nothing. Raises OSError when a lock cannot be looked at.
    """
    return (
        socket_name.ask(_name(identity))
        or lock_file.holder_of(_account_file(state_dir, identity))
        or lock_file.holder_of(_folder_file(state_dir))
    )


def user_of_folder(state_dir: Path) -> str | None:
    """The bot that uses the folder, as ``running_bot``; None: nobody does, or nobody can tell."""
    with suppress(OSError):
        return lock_file.holder_of(_folder_file(state_dir))
    return None


def _lock(held: ExitStack, path: Path, holder: Holder) -> None:
    try:
        held.enter_context(lock_file.locked(path, holder))
    except OSError as error:
        problem = f"the lock file {path} cannot be written ({error.strerror})"
        if error.errno in FULL:
            raise DiskFull(f"{problem}: make room on its disk.") from None
        raise SettingsError(
            f"{problem}: the user {holder.user} has to be allowed to write it and its folder."
        ) from None


def _name(identity: str) -> str:
    return f"notetaker-bot-{identity}"


def _folder_file(state_dir: Path) -> Path:
    return state_dir / "bot.lock"


def _account_file(state_dir: Path, identity: str) -> Path:
    """The environment may name somebody else's folder, after ``su`` for example; that one is left alone. Without a
    folder of our own there is the state folder.
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
