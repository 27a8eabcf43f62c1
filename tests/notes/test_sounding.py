import pytest

from notetaker.notes.sounding import alike, sound


@pytest.mark.parametrize(
    ("term", "heard"),
    [
        ("Kubernetes", "so cooper netties is down"),
        ("Siobhan", "ask Shavon"),
        ("Grafana", "the graph on a board"),
        ("Postgres", "on post grass now"),
        ("Mirel", "we met Muriel"),
        ("Élodie Marchand", "elodie marchant"),
    ],
)
def test_what_is_misheard_sounds_alike(term: str, heard: str) -> None:
    assert alike(["Zephyrine", term], heard) == [term]


@pytest.mark.parametrize(
    ("term", "said"),
    [("Petra", "a better battery lasts after that"), ("Tomasz", "I think so"), ("Figma", "have some more")],
)
def test_everyday_words_are_no_names(term: str, said: str) -> None:
    assert alike([term], said) == []


def test_a_word_with_few_consonants_is_like_no_other() -> None:
    assert alike(["Ada", "Zyx", "月光", ""], "Ada, six, 月光, out") == []
    assert sound("Ada") == ""


def test_what_is_said_as_it_is_spelled_sounds_alike_too() -> None:
    assert alike(["Lady Vire", "Kubernetes"], "Then lady Vire left.") == ["Lady Vire"]
