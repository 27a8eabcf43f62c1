"""Writes the minutes of a labelled meeting as the product would, and compares them with its labels."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from notetaker.model.minutes import Item, Kind, Minutes, PartMinutes
from notetaker.notes.minutes.check import check
from notetaker.notes.minutes.joining import join
from notetaker.notes.minutes.parts import parts
from notetaker.notes.minutes.writer import Writer
from tests.campaigns.notes_eval.labelled import Meeting
from tests.campaigns.notes_eval.score import Score, wrong


@dataclass(frozen=True, slots=True)
class Result:
    meeting: Meeting
    minutes: Minutes
    fallen: tuple[tuple[Item, str], ...]
    """What the check dropped, and why."""
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
        }[kind]

    def score(self, kind: Kind) -> Score:
        labels = [label.turns for label in self.meeting.labels[kind]]
        return Score.of([turns(item) for item in self.items(kind)], labels, self.meeting.borderline[kind])

    def wrong(self, kind: Kind) -> list[Item]:
        items = self.items(kind)
        labels = [label.turns for label in self.meeting.labels[kind]]
        numbers = wrong([turns(item) for item in items], labels, self.meeting.borderline[kind])
        return [items[number] for number in numbers]


def evaluate(meeting: Meeting, writer: Writer) -> Result:
    """Raises WriterError."""
    written: list[PartMinutes] = []
    fallen: list[tuple[Item, str]] = []
    seconds: list[float] = []
    for part in parts(meeting.lines, meeting.people, ended=True):
        began = time.perf_counter()
        draft = writer.write(part)
        first = check(part, draft.items)
        second = check(part, writer.repair(part, first.fallen) if first.fallen else ())
        unrepaired = first.fallen[len(second.kept) + len(second.fallen) :]
        fallen += (*second.fallen, *unrepaired)
        dropped = len(second.fallen) + len(unrepaired)
        written.append(replace(draft, items=(*first.kept, *second.kept), dropped=dropped))
        seconds.append(time.perf_counter() - began)
    began = time.perf_counter()
    title, summary = writer.sum_up(written)
    minutes = join(written, title, summary)
    end_s = time.perf_counter() - began + (seconds[-1] if seconds else 0)
    return Result(meeting, minutes, tuple(fallen), tuple(seconds), end_s)


def turns(item: Item) -> Sequence[int]:
    return [int(cite) for cite in item.cites]
