"""Writes the minutes of a labelled meeting as the product would, and compares them with its labels."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from notetaker.model.minutes import Item, Kind, Minutes, Part, PartMinutes
from notetaker.model.notes_kind import NotesKind
from notetaker.notes.kinds import MEETING
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.joining import join
from notetaker.notes.minutes.making import make, sum_up
from notetaker.notes.minutes.parts import parts
from notetaker.notes.minutes.writer import Writer
from tests.campaigns.notes_eval.labelled import Meeting
from tests.campaigns.notes_eval.score import Score, wrong


@dataclass(frozen=True, slots=True)
class Result:
    meeting: Meeting
    minutes: Minutes
    fell_back: str | None
    """Why the writer did not write the summary; None if it did."""
    fallen: tuple[tuple[Item, str], ...]
    """What did not hold at first, and why. Some of it was repaired."""
    part_s: tuple[float, ...]
    """Seconds for each part."""
    end_s: float
    """Seconds from the end of the meeting to its minutes: the last part, and joining."""

    def items(self, kind: Kind) -> tuple[Item, ...]:
        minutes = self.minutes
        if kind is Kind.POINT:
            return tuple(item for part in minutes.parts for item in part.items if item.kind is Kind.POINT)
        return {
            Kind.DECISION: tuple(item for item in minutes.decisions if not item.overturned),
            Kind.ACTION: minutes.actions,
            Kind.QUESTION: minutes.questions,
            Kind.ENTRY: minutes.entries,
        }[kind]

    def score(self, kind: Kind) -> Score:
        labels = [label.turns for label in self.meeting.labels[kind]]
        return Score.of([turns(item) for item in self.items(kind)], labels, self.meeting.borderline[kind])

    def wrong(self, kind: Kind) -> list[Item]:
        items = self.items(kind)
        labels = [label.turns for label in self.meeting.labels[kind]]
        numbers = wrong([turns(item) for item in items], labels, self.meeting.borderline[kind])
        return [items[number] for number in numbers]


class _Observed:
    """A writer, and what fell of what it wrote."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.name = writer.name
        self.fallen: list[tuple[Item, str]] = []

    def write(self, part: Part) -> PartMinutes:
        return self._writer.write(part)

    def repair(self, part: Part, objections: Sequence[tuple[Item, str]]) -> tuple[Item, ...]:
        self.fallen += objections
        return self._writer.repair(part, objections)

    def sum_up(self, parts: Sequence[PartMinutes], kind: NotesKind = MEETING) -> tuple[str, tuple[Item, ...]]:
        return self._writer.sum_up(parts, kind)


def evaluate(meeting: Meeting, writer: Writer) -> Result:
    observed, built_in = _Observed(writer), BuiltIn()
    cut = parts(meeting.lines, meeting.people, ended=True)
    written: list[PartMinutes] = []
    seconds: list[float] = []
    for part in cut:
        began = time.perf_counter()
        written.append(make(part, observed, built_in))
        seconds.append(time.perf_counter() - began)
    began = time.perf_counter()
    summary = sum_up(cut, written, observed, built_in)
    minutes = join(written, summary)
    end_s = time.perf_counter() - began + (seconds[-1] if seconds else 0)
    return Result(meeting, minutes, summary.fell_back, tuple(observed.fallen), tuple(seconds), end_s)


def turns(item: Item) -> Sequence[int]:
    return [int(cite) for cite in item.cites]
