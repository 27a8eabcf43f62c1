"""Labelled meetings: what was said, and what good notes of it must contain.

A meeting is one JSON file::

    {"meeting": "lamp", "source": "where it comes from, and its licence",
     "turns": [{"speaker": "Ana", "text": "Okay, so we'll put a dimmer in."}, ...],
     "labels": {"decisions": [{"turns": [0], "text": "The lamp gets a dimmer."}],
                "actions": [{"turns": [7], "owner": "Ben", "due": "by Friday", "text": "..."}],
                "questions": [{"turns": [9], "text": "..."}],
                "key_points": [{"turns": [3, 4], "text": "..."}],
                "borderline": [{"turns": [5], "kind": "decision", "why": "neither rewarded nor punished"}]}}

Turns are counted from 0. A turn may have ``start`` and ``end`` in seconds; otherwise people speak 2.5 words a second.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from notetaker.model.minutes import Kind
from notetaker.model.transcript import Line
from notetaker.model.wording import SECOND_NS

LABELS = {
    Kind.DECISION: "decisions",
    Kind.ACTION: "actions",
    Kind.QUESTION: "questions",
    Kind.POINT: "key_points",
}
_START_NS = 1_795_357_805 * SECOND_NS
_WORDS_PER_SECOND = 2.5
_PAUSE_S = 0.4
_BORDERLINE = {
    "decision": Kind.DECISION,
    "action": Kind.ACTION,
    "question": Kind.QUESTION,
    "point": Kind.POINT,
}


@dataclass(frozen=True, slots=True)
class Label:
    turns: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Meeting:
    name: str
    lines: tuple[Line, ...]
    """One line for each turn, with the turn's number as its id."""
    labels: dict[Kind, tuple[Label, ...]]
    borderline: dict[Kind, tuple[tuple[int, ...], ...]]
    """Turns that may be called an item of this kind, or not."""

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(line.speaker for line in self.lines))


def meetings(folder: Path) -> list[Meeting]:
    """Return all labelled meetings in a folder, by name. Raises ValueError if one cannot be read."""
    return [meeting(path) for path in sorted(folder.glob("*.json"))]


def meeting(path: Path) -> Meeting:
    try:
        content = json.loads(path.read_text())
        labels = content["labels"]
        return Meeting(
            name=content["meeting"],
            lines=lines(content["turns"]),
            labels={
                kind: tuple(Label(tuple(label["turns"]), label["text"]) for label in labels.get(name, ()))
                for kind, name in LABELS.items()
            },
            borderline={
                kind: tuple(
                    tuple(label["turns"])
                    for label in labels.get("borderline", ())
                    if _BORDERLINE.get(label["kind"].removeprefix("key_")) is kind
                )
                for kind in Kind
            },
        )
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a labelled meeting: {error!r}") from error


def lines(turns: Sequence[dict[str, str]]) -> tuple[Line, ...]:
    """Return a line for each turn. Turns without words stay, so that numbers fit, and take no time."""
    ids: dict[str, int] = {}
    now = 0.0
    found = []
    for number, turn in enumerate(turns):
        user_id = ids.setdefault(turn["speaker"], len(ids) + 1)
        start = float(turn.get("start", now))
        end = float(turn.get("end", start + len(turn["text"].split()) / _WORDS_PER_SECOND))
        now = end + (_PAUSE_S if turn["text"] else 0)
        found.append(Line(str(number), user_id, turn["speaker"], _ns(start), _ns(end), turn["text"].strip()))
    return tuple(found)


def _ns(seconds: float) -> int:
    return _START_NS + round(seconds * SECOND_NS)
