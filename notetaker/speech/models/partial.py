"""A file that arrives bit by bit, perhaps over several runs, and counts only once its SHA-256 is right."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from notetaker.speech.models.catalogue import File
from notetaker.speech.models.errors import SourceFailed

_BLOCK = 1 << 20


def is_whole(path: Path, file: File) -> bool:
    """Whether this is the file, by its size and SHA-256."""
    try:
        if path.stat().st_size != file.size:
            return False
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
    except FileNotFoundError:
        return False


def leftover(target: Path) -> int:
    """How many bytes of a file an earlier run has left."""
    try:
        return _part(target).stat().st_size
    except FileNotFoundError:
        return 0


class PartialFile:
    """``target``.part: takes up what an earlier run has left, and becomes ``target`` when it is whole.

    To be used in a ``with`` statement, at the end of which what has arrived is kept.
    """

    def __init__(self, target: Path, file: File) -> None:
        self.file = file
        self._target = target
        self._stream = _part(target).open("a+b")
        self._hash = hashlib.sha256()
        self.size = 0
        self._stream.seek(0)
        while block := self._stream.read(_BLOCK):
            self._hash.update(block)
            self.size += len(block)
        if self.size > file.size:
            self.restart()

    def append(self, data: bytes) -> None:
        """Raises SourceFailed, and forgets everything, when that is more than there should be."""
        if self.size + len(data) > self.file.size:
            self.restart()
            raise SourceFailed(f"{self.file.name} has more than {self.file.size:,} bytes")
        self._stream.write(data)
        self._hash.update(data)
        self.size += len(data)

    def restart(self) -> None:
        """Forgets what has arrived."""
        self._stream.truncate(0)
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def whole(self) -> bool:
        return self.size == self.file.size and self._hash.hexdigest() == self.file.sha256

    def finish(self) -> None:
        """Puts the file in place. Raises SourceFailed, and forgets everything, unless it is whole."""
        if not self.whole:
            self.restart()
            raise SourceFailed(f"{self.file.name} does not have the expected contents")
        self._stream.flush()
        os.fsync(self._stream.fileno())
        _part(self._target).rename(self._target)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stream.close()


def write(target: Path, file: File, blocks: Iterable[bytes]) -> None:
    """Writes a file in one go. Raises SourceFailed when these blocks are not its contents."""
    with PartialFile(target, file) as partial:
        partial.restart()
        for block in blocks:
            partial.append(block)
        partial.finish()


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")
