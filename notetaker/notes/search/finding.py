"""Finds passages in many meetings, reading no more of their indexes than it needs."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice
from typing import Final, Protocol

from notetaker.notes.search.question import Question
from notetaker.notes.search.ranking import Lines, Passage, Places, Sought, passages, promise, rarities
from notetaker.notes.search.terms import terms

_PROMISING: Final = 40
"""Meetings whose passages are ranked, the ones with most of what is sought."""
_AT_A_TIME: Final = 10


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of an indexed meeting without looking into its index."""

    language: str
    """ISO 639-1 code of the language of its terms."""
    size: int
    """How many lines it has."""
    names: Mapping[int, str]
    """Who was there: display names by user id."""


class Shelf(Protocol):
    """The indexes of the meetings in which somebody may look. All are by meeting id, which sorts by time."""

    def heads(self) -> Mapping[str, Head]: ...

    def places(self, terms: Collection[str]) -> Mapping[str, Places]:
        """Return where each term was said, without meetings that have none of them."""

    def lines(self, meeting_ids: Collection[str]) -> Mapping[str, Lines]: ...


@dataclass(frozen=True, slots=True)
class Found:
    passage: Passage
    terms: Collection[str]
    """What was sought in it."""
    language: str


def has_terms(shelf: Shelf, text: str) -> bool:
    """Return whether there is anything to seek in ``text``, in any of the languages of the meetings."""
    return any(terms(text, language) for language in {head.language for head in shelf.heads().values()})


def answers(shelf: Shelf, question: str, most: int) -> list[Found]:
    """Return up to ``most`` passages that answer a question best, the best ones first."""
    asked, heads = Question(question), shelf.heads()
    sought = {}
    for meeting_id, head in heads.items():
        named = asked.named(head.names)
        sought[meeting_id] = Sought(asked.weights(head.language, named), named.keys())
    places = shelf.places({term for one in sought.values() for term in one.weights})
    rarity = _rarity(heads, places)
    promising = nlargest(_PROMISING, places, key=lambda one: promise(places[one], sought[one], rarity))
    lines = shelf.lines(promising)
    ranked = nlargest(
        most,
        (
            passage
            for one in promising
            for passage in islice(passages(one, lines[one], places[one], sought[one], rarity), most)
        ),
        key=lambda passage: passage.score,
    )
    return [_found(passage, sought, heads) for passage in ranked]


def mentions(shelf: Shelf, text: str, most: int) -> list[Found]:
    """Return up to ``most`` passages that have all the words of ``text``, those of the newest meetings first."""
    heads = shelf.heads()
    sought = {
        meeting_id: Sought(dict.fromkeys(terms(text, head.language), 1.0))
        for meeting_id, head in heads.items()
    }
    places = shelf.places({term for one in sought.values() for term in one.weights})
    rarity = _rarity(heads, places)
    having = [one for one in sorted(places, reverse=True) if sought[one].weights.keys() <= places[one].keys()]

    def found() -> Iterator[Passage]:
        for begin in range(0, len(having), _AT_A_TIME):
            some = having[begin : begin + _AT_A_TIME]
            lines = shelf.lines(some)
            for one in some:
                yield from passages(one, lines[one], places[one], sought[one], rarity, every=True)

    return [_found(passage, sought, heads) for passage in islice(found(), most)]


def _rarity(heads: Mapping[str, Head], places: Mapping[str, Places]) -> dict[str, float]:
    return rarities(places.values(), sum(head.size for head in heads.values()))


def _found(passage: Passage, sought: Mapping[str, Sought], heads: Mapping[str, Head]) -> Found:
    meeting_id = passage.meeting_id
    return Found(passage, sought[meeting_id].weights.keys(), heads[meeting_id].language)
