"""Meetings in memory, indexed as the product does it."""

from collections.abc import Collection, Mapping, Sequence

from notetaker.model.transcript import Line
from notetaker.notes.search.finding import Head
from notetaker.notes.search.index import index
from notetaker.notes.search.ranking import Lines, Places


class Memory:
    """A :class:`~notetaker.notes.search.finding.Shelf`."""

    def __init__(self, meetings: Mapping[str, Sequence[Line]], language: str = "en") -> None:
        self._indexes = {meeting_id: index(lines, language) for meeting_id, lines in meetings.items()}
        self._heads = {
            meeting_id: Head(language, len(lines), {line.user_id: line.speaker for line in lines})
            for meeting_id, lines in meetings.items()
        }

    def heads(self) -> Mapping[str, Head]:
        return self._heads

    def places(self, terms: Collection[str]) -> Mapping[str, Places]:
        found = {
            meeting_id: {term: built.places[term] for term in terms if term in built.places}
            for meeting_id, built in self._indexes.items()
        }
        return {meeting_id: places for meeting_id, places in found.items() if places}

    def lines(self, meeting_ids: Collection[str]) -> Mapping[str, Lines]:
        return {meeting_id: self._indexes[meeting_id].lines for meeting_id in meeting_ids}
