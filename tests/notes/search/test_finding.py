"""Passages of many meetings."""

from notetaker.model.transcript import Line
from notetaker.notes.search.finding import answers, mentions
from tests.campaigns.search_eval.shelf import Memory


def said(*texts: str, by: str = "Ana") -> list[Line]:
    return [Line(str(number), 1, by, number, number + 1, text) for number, text in enumerate(texts)]


SHELF = Memory(
    {
        "2026-1": said("The roof leaks.", *["Yes."] * 30, "The invoices are late."),
        "2026-2": said("We sold the roof.", "The old invoice was for the roof."),
        "2026-3": said("The roof is new.", by="Ben"),
    }
)


def test_the_meeting_that_answers_is_found_first() -> None:
    best, *_ = answers(SHELF, "Was there an invoice for the roof?", 5)
    assert best.passage.meeting_id == "2026-2"
    assert set(best.terms) == {"invoic", "roof"}
    best, *_ = answers(SHELF, "What did Ben say about the roof?", 5)
    assert best.passage.meeting_id == "2026-3"
    assert len(answers(SHELF, "roof", 2)) == 2
    assert answers(SHELF, "zebra", 5) == answers(SHELF, "", 5) == []


def test_mentions_have_all_the_words_and_are_newest_first() -> None:
    assert [one.passage.meeting_id for one in mentions(SHELF, "roofs", 5)] == ["2026-3", "2026-2", "2026-1"]
    assert [one.passage.meeting_id for one in mentions(SHELF, "roof invoices", 5)] == ["2026-2"]
    assert [one.passage.meeting_id for one in mentions(SHELF, "roof", 1)] == ["2026-3"]
    assert mentions(SHELF, "roof zebra", 5) == mentions(SHELF, "the and", 5) == []


def test_many_meetings_are_looked_through_until_there_are_enough() -> None:
    shelf = Memory({f"{number:03}": said("The roof leaks.") for number in range(100)})
    assert [one.passage.meeting_id for one in mentions(shelf, "leak", 25)] == [
        f"{99 - n:03}" for n in range(25)
    ]
    assert len(answers(shelf, "leak", 60)) == 40


def test_each_meeting_is_searched_in_its_language() -> None:
    class Both(Memory):
        def __init__(self) -> None:
            super().__init__({"1": said("Die Rechnungen sind da.")}, "de")
            other = Memory({"2": said("The Rechnung arrived.")})
            self._indexes |= other._indexes
            self._heads |= other._heads

    assert [one.passage.meeting_id for one in mentions(Both(), "Rechnung", 5)] == ["2", "1"]
