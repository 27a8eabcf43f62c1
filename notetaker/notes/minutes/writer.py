"""A writer of minutes: a part of the transcript in, cited items out."""

from collections.abc import Sequence
from typing import Protocol

from notetaker.model.minutes import Item, Part, PartMinutes
from notetaker.model.notes_kind import NotesKind
from notetaker.notes.kinds import MEETING


class WriterError(Exception):
    """The writer cannot write now, and another one should write this part. The message says why, for people."""


class Writer(Protocol):
    """What it writes is a draft: :func:`~notetaker.notes.minutes.check.check` decides what of it stays."""

    @property
    def name(self) -> str:
        """What the notes call the writer."""
        ...

    def write(self, part: Part) -> PartMinutes:
        """Raises WriterError."""
        ...

    def repair(self, part: Part, objections: Sequence[tuple[Item, str]]) -> tuple[Item, ...]:
        """Return better versions of items that the check rejected, each given with the reason; none is fine, too.

        Raises WriterError.
        """
        ...

    def sum_up(self, parts: Sequence[PartMinutes], kind: NotesKind = MEETING) -> tuple[str, tuple[Item, ...]]:
        """Return the title of the meeting, and its summary: at most seven items, from ``parts`` or written anew.

        Raises WriterError.
        """
        ...
