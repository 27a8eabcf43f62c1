"""Asks the questions of labelled meetings, and compares the passages found with the labelled ones.

A labelled meeting (``notes_eval/labelled.py``) may have questions, with the turns that answer them::

    "queries": [{"query": "What did Ana say about the lamp?", "spans": [[3, 9], [40, 44]]}]
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from notetaker.model.transcript import Line
from notetaker.notes.search.finding import answers
from notetaker.notes.search.ranking import Passage
from tests.campaigns.notes_eval.labelled import lines
from tests.campaigns.search_eval.shelf import Memory

FIRST = 5
"""Passages that are shown."""


@dataclass(frozen=True, slots=True)
class Query:
    meeting: str
    text: str
    spans: tuple[tuple[int, int], ...]
    """The first and the last turn of each stretch that answers it."""

    def hit(self, passage: Passage) -> bool:
        """Say whether a passage has a turn of an answer."""
        inside = any(passage.first <= last and first <= passage.last for first, last in self.spans)
        return passage.meeting_id == self.meeting and inside


@dataclass(frozen=True, slots=True)
class Result:
    query: Query
    passages: tuple[Passage, ...]
    seconds: float

    @property
    def first(self) -> bool:
        return any(map(self.query.hit, self.passages[:1]))

    @property
    def among(self) -> bool:
        return any(map(self.query.hit, self.passages))


def load(folder: Path) -> tuple[dict[str, tuple[Line, ...]], list[Query]]:
    """Return the lines of all meetings in a folder, and all queries. Raises ValueError if one cannot be read."""
    meetings: dict[str, tuple[Line, ...]] = {}
    queries: list[Query] = []
    for path in sorted(folder.glob("*.json")):
        try:
            content = json.loads(path.read_text())
            name = content["meeting"]
            meetings[name] = lines(content["turns"])
            queries += [
                Query(name, one["query"], tuple((first, last) for first, last in one["spans"]))
                for one in content.get("queries", ())
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is not a labelled meeting: {error!r}") from error
    return meetings, queries


def within(meetings: Mapping[str, Sequence[Line]], queries: Sequence[Query]) -> list[Result]:
    """Ask every question of its own meeting."""
    shelves = {name: Memory({name: said}) for name, said in meetings.items()}
    return [_ask(shelves[query.meeting], query) for query in queries]


def across(meetings: Mapping[str, Sequence[Line]], queries: Sequence[Query]) -> list[Result]:
    """Ask every question of all meetings together."""
    shelf = Memory(meetings)
    return [_ask(shelf, query) for query in queries]


def _ask(shelf: Memory, query: Query) -> Result:
    began = time.perf_counter()
    found = answers(shelf, query.text, FIRST)
    return Result(query, tuple(one.passage for one in found), time.perf_counter() - began)
