"""The installed models: a folder with one subfolder for each.

A model's subfolder appears in one step, when all its files have been verified. Until then they are in ``.downloads``.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from notetaker.speech.models.catalogue import MODELS, Model
from notetaker.speech.models.errors import ModelError

SYSTEM_FOLDER = Path("/opt/notetaker/models")
"""Models for all users of a host, installed by its administrator."""

_DOWNLOADS = ".downloads"


def user_folder() -> Path:
    """Return the default folder for models (XDG Base Directory Specification)."""
    data = os.environ.get("XDG_DATA_HOME", "")
    return (Path(data) if Path(data).is_absolute() else Path.home() / ".local/share") / "notetaker/models"


def downloads(folder: Path, model: Model) -> Path:
    """Return the folder for a model's files until they are complete."""
    return folder / _DOWNLOADS / model.name


def installed_in(folder: Path, model: Model) -> Path | None:
    """Return the subfolder of an installed model, or None if files are missing or truncated."""
    path = folder / model.name
    try:
        complete = all((path / file.name).stat().st_size == file.size for file in model.files)
    except OSError:
        return None
    return path if complete else None


class Store:
    """The usable models in several folders. The first folder that has a model counts."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders

    def path(self, model: Model) -> Path | None:
        """Return the subfolder of a model, or None if it is not installed."""
        paths = (installed_in(folder, model) for folder in self._folders)
        return next(filter(None, paths), None)

    def installed(self) -> list[Model]:
        """Return the installed models, best last."""
        return [model for model in MODELS if self.path(model) is not None]

    def remove(self, model: Model) -> None:
        """Delete a model from all folders, including unfinished downloads.

        Raises ModelError if it is not installed or cannot be deleted.
        """
        found = [
            folder
            for folder in self._folders
            if (folder / model.name).exists() or _has_files(downloads(folder, model))
        ]
        if not found:
            raise ModelError(f"{model.name} is not installed.")
        for folder in found:
            try:
                _remove(folder, model)
            except OSError as error:
                path = error.filename or folder / model.name
                raise ModelError(f"{path} cannot be removed: {error.strerror}.") from error


def _has_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))


def _remove(folder: Path, model: Model) -> None:
    """Move the model away before deleting it, so that half a model is never in its place."""
    rest = downloads(folder, model)
    if rest.exists():
        shutil.rmtree(rest)
    if (folder / model.name).exists():
        rest.mkdir(parents=True)
        (folder / model.name).rename(rest / model.name)
        shutil.rmtree(rest)
