"""Words are found in whatever form they are said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.notes.search.terms import tells, terms, words


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "The BATTERIES", "a battery"),
        ("en", "we decided", "deciding"),
        ("en", "Ana’s invoices", "ana invoice"),
        ("en", "an L_C_D_ display", "LCD displays"),
        ("de", "die Rechnungen", "die rechnung"),
        ("fr", "les réunions", "les REUNION"),
        ("ru", "деньгами", "деньги"),
        ("xx", "Zażółć", "zazołc"),
    ],
)
def test_a_word_is_found_in_another_form(language: str, one: str, other: str) -> None:
    assert terms(one, language) == terms(other, language) != []


def test_words_that_are_everywhere_are_left_out() -> None:
    assert terms("Um so what have we got on that?", "en") == []
    assert terms("", "en") == terms("-- ... ?!", "en") == []


@pytest.mark.parametrize("text", ["予算の会議", "在周五之前", "งบประมาณ"])
def test_a_part_of_writing_without_blanks_is_found(text: str) -> None:
    assert set(terms(text[1:4], "ja")) < set(terms(text, "ja"))
    assert len(terms(text[0], "ja")) == 1


@given(st.text(), st.sampled_from(["en", "de", "ja", "ar", "xx"]))
def test_any_text_has_terms(text: str, language: str) -> None:
    assert all(0 < len(term) <= 40 for term in terms(text, language))
    for word, begin, end in words(text):
        assert text[begin:end].casefold().replace("’", "'") == word or len(word) == 2


def test_some_words_are_found_but_do_not_tell_what_it_is_about() -> None:
    assert terms("the problem", "en") == ["problem"]
    assert [tells(word, "en") for word in ("problem", "ana's", "um")] == [False, True, False]
    assert tells("um", "de")
