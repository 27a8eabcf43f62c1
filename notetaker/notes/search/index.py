"""Which words were said where in a meeting: all that is needed to rank its passages, in little space."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from notetaker.model.transcript import Line
from notetaker.notes.search.ranking import Lines, Places
from notetaker.notes.search.terms import tells, terms, words


@dataclass(frozen=True, slots=True)
class Index:
    language: str
    """ISO 639-1 code of the language whose terms these are."""
    lines: Lines
    places: Places


def index(lines: Iterable[Line], language: str) -> Index:
    spoken: list[tuple[int, int]] = []
    places: defaultdict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        found = terms(line.text, language)
        telling = sum(tells(word, language) for word, _, _ in words(line.text))
        spoken.append((line.user_id, max(telling, min(len(found), 1))))
        for term in found:
            places[term].append(number)
    return Index(language, spoken, dict(places))
