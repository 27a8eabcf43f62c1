"""Items of the minutes whose lines the transcript no longer has."""

import pytest

from notetaker.model.minutes import Item, Kind
from notetaker.model.notes_kind import Form, Section
from notetaker.notes.entries import Entries
from tests.notes.builders import ADA, said, transcript

ENTRIES = Entries(transcript(said(ADA, 0, 3, "We ship.")), str, marks=3)


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        (Form.LINE, "Unknown speaker: I call the bank."),
        (Form.PEOPLE, "**Unknown speaker** I call the bank."),
        (Form.QUOTES, "“I call the bank.” – Unknown speaker"),
    ],
)
def test_it_is_shown_without_speaker_and_time(form: Form, shown: str) -> None:
    section = Section(name="own", heading={"en": "Own"}, asks="What is theirs.", form=form)
    assert ENTRIES.of(section, [Item(Kind.ENTRY, "I call the bank.", ("gone",))]) == [shown]
