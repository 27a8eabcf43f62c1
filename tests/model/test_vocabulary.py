import pytest

from notetaker.model.vocabulary import Entry, expected, fault_of, spoken


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("Ada", "Ada"),
        ("🌸 Ana 🌸 (she/her)", "Ana"),
        ("[GM] Lady  Vire", "Lady Vire"),
        ("Jean-Luc O'Neil | away", "Jean-Luc O'Neil"),
        ("💀💀", ""),
        ("", ""),
        ("\u2003\u200b", ""),
        ("月光", "月光"),
    ],
)
def test_of_a_display_name_its_words_are_said(shown: str, said: str) -> None:
    assert spoken(shown) == said


def test_people_come_first_and_each_term_once() -> None:
    entries = [Entry("Kubernetes"), Entry("Vire"), Entry("Zyx", "Six"), Entry("Zyx")]
    terms = expected(["Ada 🎉", "💀", "Ben"], entries)
    assert terms == ("Ada", "Ben", "Zyx", "Kubernetes", "Vire")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Zyx", None),
        ("月光", None),
        ("x" * 60, None),
        ("ß" * 31, "is longer than 60 characters"),
        ("…", "has no letters"),
        ("a\u2028b", "has characters that cannot be shown"),
    ],
)
def test_what_can_be_a_term(text: str, fault: str | None) -> None:
    assert fault_of(text) == fault
