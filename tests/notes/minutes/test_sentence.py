import re

import pytest

from notetaker.notes.minutes.sentence import sentence


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("okay so, we go with the red one then", "We go with the red one then."),
        ("Yeah, well, i will write the report and", "I will write the report."),
        ("Right, we'll meet again on Tuesday, okay", "We'll meet again on Tuesday."),
        ("I think that's a good id okay so let's work on the colours", "Let's work on the colours."),
        ("so do we need a display at all?", "Do we need a display at all?"),
        ("and I'm happy with that, the blue case", "I'm happy with that, the blue case."),
        ("so fine-tuning the speech model takes a day", "Fine-tuning the speech model takes a day."),
        ("Right-click on the channel to open it", "Right-click on the channel to open it."),
        ("Well-documented code is easier to read", "Well-documented code is easier to read."),
        ("The red switch is out, right?", "The red switch is out."),
        ("they work as well as the old ones do as well", "They work as well as the old ones do as well."),
        ("No discounts in this shop are possible.", "No discounts in this shop are possible."),
    ],
)
def test_what_leads_up_to_a_sentence_is_left_out(said: str, written: str) -> None:
    assert sentence(said) == written


@pytest.mark.parametrize(
    "said", ["okay then", "the red one with the strap", "yeah so we go", "and the but", ""]
)
def test_what_is_short_or_has_no_verb_is_no_sentence(said: str) -> None:
    assert sentence(said) is None


def test_of_a_long_sentence_the_clauses_that_matter_stay() -> None:
    before = ", ".join(["the weather was bad again"] * 8)
    written = sentence(
        f"{before}, so we take the train instead, and we take it early", re.compile("we take").search
    )
    assert written == "We take the train instead, and we take it early."


def test_a_clause_without_end_is_cut() -> None:
    written = sentence("we talk " + "on and on " * 30)
    assert written is not None
    assert len(written.split()) <= 30
    assert written.endswith("…")


def test_in_other_languages_the_length_counts() -> None:
    assert sentence("das Budget ist zu klein geworden", english=False) == "Das Budget ist zu klein geworden."
    assert sentence("das Budget", english=False) is None
    assert sentence("Gut, äh, wir ziehen am Samstag um", english=False) == "Wir ziehen am Samstag um."
    assert sentence("Alors, euh, on prend la grande salle", english=False) == "On prend la grande salle."
