"""The state folder: made for one user, and safe from others."""

import errno
import os
import stat
from pathlib import Path
from tempfile import TemporaryFile

from notetaker.host.errors import FULL, DiskFull, SettingsError
from notetaker.host.sd_notify import state_directory
from notetaker.host.users import user_name
from notetaker.settings.values import Settings, sentence

_SETTING = "NOTETAKER_STATE_DIR"


def make(settings: Settings) -> None:
    """Creates the state folder, and the folder of meetings inside it, for this user only.

    Raises SettingsError if it cannot, or if somebody else could replace what is in the folder; and DiskFull.
    """
    folder = settings.state_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_own(folder)
        settings.meetings_folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        problem = f"cannot be made or written to ({error.strerror})"
        if error.errno in FULL:
            raise DiskFull(f"The state folder {folder} {problem}: make room on its disk.") from None
        closed = _closed_by_systemd(folder) if error.errno == errno.EROFS else None
        raise SettingsError(sentence(_SETTING, closed or f"the folder {problem}")) from None


def require_own(folder: Path) -> None:
    """Raises SettingsError if somebody else could replace what is in the folder, and OSError."""
    intruder = _intruder(folder)
    if intruder is not None:
        reason = (
            f"{intruder} can replace what {user_name(os.geteuid())} writes to {folder}: run this as the owner of the "
            "folder, name another one, and let no others write to it"
        )
        raise SettingsError(sentence(_SETTING, reason))


def _intruder(folder: Path) -> str | None:
    """Who else can replace what is in the folder. Not counted are root, and the group, which somebody has chosen."""
    status = folder.stat()
    if status.st_mode & stat.S_IWOTH:
        return "every user of this host"
    if status.st_uid in (0, os.geteuid()):
        return None
    with TemporaryFile(dir=folder) as file:  # a file server may have its own idea of who we are
        if os.fstat(file.fileno()).st_uid == status.st_uid:
            return None
    return f"the user {user_name(status.st_uid)}"


def _closed_by_systemd(folder: Path) -> str | None:
    """What opens a folder that ProtectSystem= in the units makes read-only. Not the one that systemd has made."""
    own = state_directory()
    if own is None or folder.is_relative_to(own):
        return None
    return (
        f"systemd lets notetaker write to {own} only: mount the disk there, or put [Service] and "
        f"ReadWritePaths={folder} into /etc/systemd/system/notetaker-.service.d/state.conf, run systemctl "
        f"daemon-reload, and see that {folder} exists and belongs to {user_name(os.geteuid())}"
    )
