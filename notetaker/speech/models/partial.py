"""A file that is downloaded in pieces, perhaps over several runs, and verified by SHA-256."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Self

from notetaker.speech.models.catalogue import File
from notetaker.speech.models.errors import SourceFailed

_BLOCK = 1 << 20


def is_whole(path: Path, file: File) -> bool:
    """Return whether this is the complete file, by size and SHA-256."""
    try:
        if path.stat().st_size != file.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    except FileNotFoundError:
        return False


def leftover(target: Path) -> int:
    """Return how many bytes of a file an earlier run has downloaded."""
    try:
        return _part(target).stat().st_size
    except FileNotFoundError:
        return 0


class PartialFile:
    """A file ``target``.part, which resumes an earlier run and becomes ``target`` when it is complete.

    Use it in a ``with`` statement, which keeps an incomplete file for the next run.
    """

    def __init__(self, target: Path, file: File) -> None:
        self.file = file
        self._target = target
        self._stream = _part(target).open("a+b")
        self._hash = hashlib.sha256()
        self.size = 0
        self._stream.seek(0)
        for block in blocks(self._stream):
            self._hash.update(block)
            self.size += len(block)
        if self.size > file.size:
            self.restart()

    def append(self, data: bytes) -> None:
        """Add data. If the file gets too large, start over and raise SourceFailed."""
        if self.size + len(data) > self.file.size:
            self.restart()
            raise SourceFailed(f"{self.file.name} is larger than {self.file.size:,} bytes")
        self._stream.write(data)
        self._hash.update(data)
        self.size += len(data)

    def restart(self) -> None:
        """Drop all data."""
        self._stream.truncate(0)
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def whole(self) -> bool:
        return self.size == self.file.size and self._hash.hexdigest() == self.file.sha256

    def finish(self) -> None:
        """Move the file into place. If its checksum is wrong, start over and raise SourceFailed."""
        if not self.whole:
            self.restart()
            raise SourceFailed(f"the checksum of {self.file.name} is wrong")
        self._stream.flush()
        os.fsync(self._stream.fileno())
        _part(self._target).rename(self._target)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.close()


def write(target: Path, file: File, contents: Iterable[bytes]) -> None:
    """Write a whole file. Raises SourceFailed if the blocks are not its contents."""
    with PartialFile(target, file) as whole:
        whole.restart()
        for block in contents:
            whole.append(block)
        whole.finish()


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Read a stream to its end."""
    return iter(partial(stream.read, _BLOCK), b"")


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")
