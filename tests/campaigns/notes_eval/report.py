"""What was measured, as a table, as the items that people should read, and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.table import Table

from notetaker.model.minutes import Item, Kind
from tests.campaigns.notes_eval.evaluate import Result, turns
from tests.campaigns.notes_eval.score import Score, total

HEADINGS = {
    Kind.DECISION: "decisions",
    Kind.ACTION: "actions",
    Kind.QUESTION: "questions",
    Kind.POINT: "key points",
}


def table(results: Sequence[Result]) -> Table:
    """Return a row per kind: how many items are right, and how many labels are found."""
    shown = Table(box=None, pad_edge=False)
    for column in ("", "right", "wrong", "precision", "found", "labels", "recall"):
        shown.add_column(column, justify="left" if not column else "right")
    for kind, heading in HEADINGS.items():
        score = _total(results, kind)
        shown.add_row(
            heading,
            *map(str, (score.right, score.wrong)),
            f"{score.precision:.2f}",
            *map(str, (score.found, score.labels)),
            f"{score.recall:.2f}",
        )
    return shown


def other_figures(results: Sequence[Result]) -> dict[str, float]:
    parts = [seconds for result in results for seconds in result.part_s]
    kept = sum(len(result.items(kind)) for result in results for kind in Kind)
    fallen = [reason for result in results for _, reason in result.fallen]
    return {
        "items": kept,
        "items dropped by the check": sum(result.minutes.dropped for result in results),
        "items that did not hold at first": len(fallen),
        "items with invented numbers": sum(reason.startswith("The number") for reason in fallen),
        "items with invented names": sum(reason.startswith("The name") for reason in fallen),
        "items with invented dates": sum(reason.startswith("The date") for reason in fallen),
        "parts": len(parts),
        "parts that the writer did not write": len(_fallen_back(results)),
        "seconds per part": round(sum(parts) / max(len(parts), 1), 3),
        "seconds for the slowest part": round(max(parts, default=0), 3),
        "seconds after the end": round(max((result.end_s for result in results), default=0), 3),
    }


def to_read(results: Sequence[Result]) -> Iterator[str]:
    """Yield every wrong decision, action and question with the lines that it cites."""
    for result in results:
        for kind in (Kind.DECISION, Kind.ACTION, Kind.QUESTION):
            for item in result.wrong(kind):
                yield f"{result.meeting.name}: wrong {kind}: {item.text}"
                yield from (
                    f"    {number} {result.meeting.lines[number].speaker}: {result.meeting.lines[number].text}"
                    for number in turns(item)
                )
        for item, reason in result.fallen:
            yield f"{result.meeting.name}: does not hold: {item.kind}: {item.text} ({reason})"
    for reason, times in Counter(_fallen_back(results)).items():
        yield f"{times} times not written by the writer: {reason}"


def _fallen_back(results: Sequence[Result]) -> list[str]:
    """Return why parts were written by the built-in writer instead."""
    return [part.fell_back for result in results for part in result.minutes.parts if part.fell_back]


def as_json(results: Sequence[Result], writer: str) -> dict[str, Any]:
    return {
        "writer": writer,
        "total": {HEADINGS[kind]: _score(_total(results, kind)) for kind in HEADINGS},
        "figures": other_figures(results),
        "meetings": [_meeting(result) for result in results],
    }


def _meeting(result: Result) -> dict[str, Any]:
    return {
        "meeting": result.meeting.name,
        "title": result.minutes.title,
        "summary": [_item(item) for item in result.minutes.summary],
        "outline": [
            {
                "title": part.title,
                "points": [_item(item) for item in part.items if item.kind is Kind.POINT],
            }
            for part in result.minutes.parts
        ],
        "items": {HEADINGS[kind]: [_item(item) for item in result.items(kind)] for kind in HEADINGS},
        "overturned": [_item(item) for item in result.minutes.decisions if item.overturned],
        "scores": {HEADINGS[kind]: _score(result.score(kind)) for kind in HEADINGS},
    }


def _item(item: Item) -> dict[str, Any]:
    about = {"text": item.text, "turns": turns(item), "owner": item.owner, "due": item.due}
    return {name: value for name, value in about.items() if value is not None}


def _score(score: Score) -> dict[str, float]:
    return {
        "right": score.right,
        "wrong": score.wrong,
        "precision": round(score.precision, 3),
        "found": score.found,
        "labels": score.labels,
        "recall": round(score.recall, 3),
    }


def _total(results: Sequence[Result], kind: Kind) -> Score:
    return total(result.score(kind) for result in results)
