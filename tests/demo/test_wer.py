import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.demo.wer import Mistake, compare, word_error_rate, words

CASES = [
    ("the report is ready", "the report is ready", 0),
    ("The report, is ready!", "the report is ready", 0),
    ("I'm late", "i’m late", 0),
    ("two hundred people", "200 people", 0),
    ("the first of March", "the 1st of March", 0),
    ("the colour of it", "the color of it", 0),
    ("the report is ready", "", 4),
    ("the report is ready", "the report ready", 1),  # deleted
    ("the report is ready", "the report is almost ready", 1),  # inserted
    ("the report is ready", "the airport is ready", 1),  # replaced
    ("Ben will send it", "then we'll send it", 2),
    ("a b c d", "b c d e", 2),  # aligned, not compared position by position
]


@pytest.mark.parametrize(("said", "heard", "errors"), CASES)
def test_errors_are_the_fewest_edits(said: str, heard: str, errors: int) -> None:
    assert compare(words(said), words(heard)).errors == errors
    assert compare(words(heard), words(said)).errors == errors


def test_the_rate_is_per_word_said() -> None:
    assert word_error_rate("the report is ready", "the airport is") == 0.5


def test_a_rate_needs_a_reference() -> None:
    with pytest.raises(ValueError, match="at least one word"):
        word_error_rate("...", "something")


def test_mistakes_are_shown_in_place() -> None:
    found = compare(words("Ben will send us the report"), words("then will now send the report"))
    assert found.right == (False, True, True, False, True, True)
    assert found.inserted == 1
    assert found.mistakes == (Mistake("ben", "then"), Mistake("", "now"), Mistake("us", ""))


@pytest.mark.parametrize(
    ("language", "said", "heard"),
    [("de", "Das kostet zehn Euro.", "das kostet zehn euro"), ("fr", "J'ai fini !", "j’ai fini")],
)
def test_other_languages_are_compared_without_english_rules(language: str, said: str, heard: str) -> None:
    assert word_error_rate(said, heard, language) == 0


def test_letters_are_compared_without_spaces_between_words() -> None:
    assert word_error_rate("你好吗", "你好嘛", "zh") == pytest.approx(1 / 3)


sentences = st.lists(st.sampled_from("abc"), max_size=8)


@given(sentences, sentences, sentences)
def test_distance_is_a_metric(a: list[str], b: list[str], c: list[str]) -> None:
    assert compare(a, a).errors == 0
    assert abs(len(a) - len(b)) <= compare(a, b).errors <= max(len(a), len(b))
    assert compare(a, c).errors <= compare(a, b).errors + compare(b, c).errors
