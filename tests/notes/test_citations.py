import pytest

from notetaker.model.notes import Item, Notes
from notetaker.notes.citations import CitationError, check
from tests.notes.builders import ADA, said, transcript

LINE = said(ADA, 0, 1, "hello")
THERE = LINE[0].id
MEETING = transcript(LINE)


def test_items_that_cite_what_was_said_pass() -> None:
    item = Item("Ada: Hello.", (THERE,))
    check(Notes((item,), (item,), (item,), "test"), MEETING)
    check(Notes((), (), (), "test"), MEETING)


@pytest.mark.parametrize(
    ("cites", "sentence"),
    [
        ((), r"^Decision item 2 cites no utterance\.$"),
        (("m.1.2.3",), r"^Decision item 2 cites m\.1\.2\.3, which is not in the transcript\.$"),
        ((THERE, THERE), r"^Decision item 2 cites an utterance twice\.$"),
    ],
)
def test_others_are_named_without_their_words(cites: tuple[str, ...], sentence: str) -> None:
    notes = Notes((), (Item("Ada: Hello.", (THERE,)), Item("Ada: secret", cites)), (), "test")
    with pytest.raises(CitationError, match=sentence):
        check(notes, MEETING)
