"""The state folder: private to one user."""

import errno
import os
import stat
from pathlib import Path
from tempfile import TemporaryFile

from notetaker.host.errors import FULL, DiskFull, SettingsError
from notetaker.host.sd_notify import state_directory
from notetaker.host.users import user_name
from notetaker.settings.values import Settings, invalid

_SETTING = "NOTETAKER_STATE_DIR"


def make(settings: Settings) -> None:
    """Create the state folder, and the folder of meetings in it, accessible to this user only.

    Raises SettingsError if that fails or if another user could replace files in the folder; DiskFull if there is no
    room.
    """
    folder = settings.state_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_own(folder)
        settings.meetings_folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        reason = f"cannot create or write to {folder} ({error.strerror})"
        if error.errno in FULL:
            raise DiskFull(f"{reason}: free some disk space.") from None
        closed = _closed_by_systemd(folder) if error.errno == errno.EROFS else None
        raise SettingsError(invalid(_SETTING, closed or reason)) from None


def require_own(folder: Path) -> None:
    """Raise SettingsError if another user could replace files in the folder. May raise OSError."""
    intruder = _intruder(folder)
    if intruder is not None:
        reason = (
            f"{intruder} can replace files that {user_name(os.geteuid())} writes to {folder}: use a folder that you "
            "own and that nobody else can write to"
        )
        raise SettingsError(invalid(_SETTING, reason))


def _intruder(folder: Path) -> str | None:
    """Return who else can replace files in the folder. Root is trusted, and so is a group with write access."""
    status = folder.stat()
    if status.st_mode & stat.S_IWOTH:
        return "every user on this host"
    if status.st_uid in (0, os.geteuid()):
        return None
    with TemporaryFile(dir=folder) as file:  # a file server may map us to another user
        if os.fstat(file.fileno()).st_uid == status.st_uid:
            return None
    return f"the user {user_name(status.st_uid)}"


def _closed_by_systemd(folder: Path) -> str | None:
    """Return how to open a folder that the units' ProtectSystem= makes read-only; None if that is not the cause."""
    own = state_directory()
    if own is None or folder.is_relative_to(own):
        return None
    return (
        f"systemd lets notetaker write only to {own}: mount the disk there, or put [Service] and "
        f"ReadWritePaths={folder} into /etc/systemd/system/notetaker-.service.d/state.conf, run systemctl "
        f"daemon-reload, and make sure that {folder} exists and is owned by {user_name(os.geteuid())}"
    )
