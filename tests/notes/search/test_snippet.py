"""What is shown of a passage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.transcript import Line
from notetaker.notes.search.snippet import Snippet, snippet
from notetaker.notes.search.terms import terms


def line(text: str, number: int = 0) -> Line:
    return Line(str(number), 1, "Ana", number, number + 1, text)


def shown(found: Snippet) -> str:
    return "".join(f"*{text}*" if is_sought else text for text, is_sought in found.pieces)


def test_the_line_with_the_most_of_it_is_shown() -> None:
    lines = [line("The roof.", 0), line("Invoices for the roof's beams.", 1), line("Invoice, invoice.", 2)]
    found = snippet(lines, {"roof", "invoic"}, "en", 140)
    assert found.line is lines[1]
    assert shown(found) == "*Invoices* for the *roof's* beams."


def test_a_long_line_is_cut_between_words_around_what_is_sought() -> None:
    text = "and so on " * 40 + "the invoice is off by a cent and I will fix it " + "and so on " * 40
    found = shown(snippet([line(text)], {"invoic", "cent"}, "en", 100))
    assert "the *invoice* is off by a *cent* and" in found
    assert found.startswith("…")
    assert found.endswith("…")
    assert set(found.strip("…").replace("*", "").split()) <= set(text.split())


def test_what_is_written_without_blanks_is_marked() -> None:
    assert shown(snippet([line("今日は予算の会議")], terms("予算", "ja"), "ja", 140)) == "今日は*予算*の会議"


@pytest.mark.parametrize("sought", [set(), {"cent"}])
@given(st.text(st.sampled_from("ab éあい .,’'"), max_size=300), st.integers(20, 140))
def test_it_is_an_excerpt(sought: set[str], text: str, most: int) -> None:
    found = snippet([line(text)], sought | {"a", "b"}, "en", most)
    whole = "".join(piece for piece, _ in found.pieces)
    assert len(whole) <= most
    assert whole.strip("…") in text
    assert all(piece for piece, _ in found.pieces)
