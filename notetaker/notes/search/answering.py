"""Answers in sentences, each of which holds against the lines that it cites."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from notetaker.model.minutes import Item, Part
from notetaker.model.transcript import Line
from notetaker.notes.minutes.check import check

MOST: Final = 3
"""Most sentences of an answer."""


@dataclass(frozen=True, slots=True)
class Extract:
    """A passage of a meeting."""

    meeting: str
    """Which meeting, for people: ``Standup, 22 November 2026``."""
    lines: tuple[Line, ...]
    language: str = "en"
    """ISO 639-1 code."""


class Answerer(Protocol):
    """What it answers is a draft: :func:`answer` decides what of it stays."""

    @property
    def name(self) -> str: ...

    def answer(self, question: str, extracts: Sequence[Extract]) -> tuple[Item, ...]:
        """Return sentences that cite lines of the extracts, or none if these do not answer. Raises WriterError."""
        ...


def answer(question: str, extracts: Sequence[Extract], answerer: Answerer) -> tuple[Item, ...]:
    """Return the sentences that hold. The extracts that answer best come first. Raises WriterError."""
    drafted = answerer.answer(question, extracts)
    return check(as_part(extracts), drafted).kept[:MOST] if extracts else ()


def as_part(extracts: Sequence[Extract]) -> Part:
    """Return the lines of at least one extract as if they were of one meeting, in the language of the first."""
    lines = tuple(line for extract in extracts for line in extract.lines)
    return Part(0, lines, tuple(dict.fromkeys(line.speaker for line in lines)), extracts[0].language)
