import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.demo.wer import word_error_rate, word_errors, words

CASES = [
    ("the report is ready", "the report is ready", 0),
    ("The report, is ready!", "the report is ready", 0),
    ("I'm late", "i’m late", 0),
    ("the report is ready", "", 4),
    ("the report is ready", "the report ready", 1),  # deleted
    ("the report is ready", "the report is almost ready", 1),  # inserted
    ("the report is ready", "the airport is ready", 1),  # replaced
    ("Ben will send it", "then we'll send it", 2),
    ("a b c d", "b c d e", 2),  # aligned, not compared place by place
]


@pytest.mark.parametrize(("said", "heard", "errors"), CASES)
def test_errors_are_the_fewest_edits(said: str, heard: str, errors: int) -> None:
    assert word_errors(said, heard) == errors
    assert word_errors(heard, said) == errors


def test_the_rate_is_per_word_said() -> None:
    assert word_error_rate("the report is ready", "the airport is") == 0.5


def test_a_rate_needs_a_reference() -> None:
    with pytest.raises(ValueError, match="at least one word"):
        word_error_rate("...", "something")


sentences = st.lists(st.sampled_from("abc"), max_size=8).map(" ".join)


@given(sentences, sentences, sentences)
def test_distance_is_a_metric(a: str, b: str, c: str) -> None:
    assert word_errors(a, a) == 0
    assert abs(len(words(a)) - len(words(b))) <= word_errors(a, b) <= max(len(words(a)), len(words(b)))
    assert word_errors(a, c) <= word_errors(a, b) + word_errors(b, c)
