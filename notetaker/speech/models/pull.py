"""Installs a model from the first source that works."""

import asyncio
import errno
import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from notetaker.speech.models.catalogue import Model
from notetaker.speech.models.download import client
from notetaker.speech.models.errors import ModelError, NoRoom, SourceFailed
from notetaker.speech.models.sources import Progress, Servers, from_folder, from_server
from notetaker.speech.models.staging import Staging, megabytes
from notetaker.speech.models.store import downloads, installed_in

Say = Callable[[str], None]
"""A callback for sentences to the person who is waiting."""

_FULL = errno.ENOSPC, errno.EDQUOT


def pull(
    model: Model,
    folder: Path,
    *,
    from_dir: Path | None = None,
    servers: Servers | None = None,
    say: Say = lambda sentence: None,
    progress: Progress = lambda done, total: None,
) -> Path:
    """Install a model in ``folder``, unless it is already there, and return its subfolder.

    Sources are tried in order; ``from_dir`` replaces them. An interrupted download is kept for the next run. Other
    processes may pull at the same time. Raises ModelError.
    """
    if installed := installed_in(folder, model):
        return installed
    staging = Staging(model, downloads(folder, model))
    with _storage_errors(staging):
        staging.folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(staging, say):
            if installed := installed_in(folder, model):  # by another process
                return installed
            staging.files.mkdir(parents=True, exist_ok=True)
            if from_dir is None:
                asyncio.run(_download(staging, servers or Servers.from_environment(), say, progress))
            else:
                _copy(staging, from_dir)
            return _install(staging, folder)


async def _download(staging: Staging, servers: Servers, say: Say, progress: Progress) -> None:
    model, failures = staging.model, []
    async with client(servers.connect_s, servers.silence_s) as http:
        for source in model.sources:
            name = servers.name(source)
            say(f"Downloading {model.name} from {name}.")
            try:
                await from_server(http, servers, source, staging, progress)
            except SourceFailed as error:
                say(f"{name} failed: {error}.")
                failures.append(f"{name}: {error}")
            else:
                return
    raise ModelError(
        f"{model.name} cannot be downloaded ({'; '.join(dict.fromkeys(failures))}); try again with a network "
        f"connection, or copy it from another computer with notetaker models pull {model.name} --to DIR there and "
        "--from DIR here."
    )


def _copy(staging: Staging, from_dir: Path) -> None:
    try:
        from_folder(from_dir, staging)
    except SourceFailed as error:
        raise ModelError(f"{staging.model.name} cannot be installed from {from_dir}: {error}.") from error


def _install(staging: Staging, folder: Path) -> Path:
    """Move the complete model into place in one step."""
    licence = resources.files(__package__).joinpath("LICENSE.whisper").read_text()
    (staging.files / "LICENSE").write_text(licence)
    target, old = folder / staging.model.name, staging.folder / "old"
    if target.exists():  # it is incomplete, or it would count as installed
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    staging.files.rename(target)
    shutil.rmtree(staging.folder)
    return target


@contextmanager
def _alone(staging: Staging, say: Say) -> Iterator[None]:
    """Wait until no other process is pulling the same model into the same folder."""
    with staging.folder.with_name(f"{staging.model.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Waiting for another process that is pulling {staging.model.name}.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _storage_errors(staging: Staging) -> Iterator[None]:
    """Turn OSError into ModelError. Only if the disk is full, delete the download."""
    try:
        yield
    except OSError as error:
        name, path = staging.model.name, error.filename or staging.folder
        if error.errno in _FULL:
            shutil.rmtree(staging.folder, ignore_errors=True)
            raise NoRoom(
                f"Not enough disk space for {name} at {path}: it needs {megabytes(staging.model.size)}, "
                "and about as much again during installation."
            ) from error
        raise ModelError(f"{name} cannot be installed: {path}: {error.strerror or error}.") from error
