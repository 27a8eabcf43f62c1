"""The folder in which a model is assembled before it is moved into place."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from notetaker.speech.models.catalogue import File, Model
from notetaker.speech.models.errors import NoRoom
from notetaker.speech.models.partial import is_whole


@dataclass(frozen=True, slots=True)
class Staging:
    model: Model
    folder: Path
    """The folder for wheels, complete and partial, and for ``files``."""

    @property
    def files(self) -> Path:
        """The folder for the model's files, complete and partial, under their own names."""
        return self.folder / "files"

    def missing(self) -> list[File]:
        """Return the model's files that are not complete yet."""
        return [file for file in self.model.files if not is_whole(self.files / file.name, file)]

    def check_room(self, size: int) -> None:
        """Raise NoRoom unless the disk has ``size`` free bytes."""
        free = shutil.disk_usage(self.folder).free
        if size > free:
            raise NoRoom(
                f"Not enough disk space for {self.model.name} in {self.folder}: "
                f"it needs {megabytes(size)}, but only {megabytes(free)} are free."
            )


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
