"""The folder in which a model is put together, before it is moved to where it counts as installed."""

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
    """Wheels, whole and in part, and ``files``."""

    @property
    def files(self) -> Path:
        """The files of the model under their names, whole and in part."""
        return self.folder / "files"

    def missing(self) -> list[File]:
        """The files of the model that are not whole yet."""
        return [file for file in self.model.files if not is_whole(self.files / file.name, file)]

    def check_room(self, size: int) -> None:
        """Raises NoRoom when the disk does not take so many more bytes."""
        free = shutil.disk_usage(self.folder).free
        if size > free:
            raise NoRoom(
                f"There is no room for {self.model.name} on the disk of {self.folder}: "
                f"{megabytes(size)} are needed, {megabytes(free)} are free."
            )


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
