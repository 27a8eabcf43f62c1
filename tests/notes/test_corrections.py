import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.vocabulary import Entry
from notetaker.notes.corrections import Corrections, described

KUBERNETES = Entry("Kubernetes", "Cooper  Netties")
NETTIES = Entry("nettles", "netties")
ANNA = Entry("Anna", "Ana")
MOON = Entry("月光", "月亮")


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("We use Cooper Netties.", "We use Kubernetes."),
        ("cooper netties, COOPER-NETTIES", "Kubernetes, Kubernetes"),
        ("Cooper, netties", "Kubernetes"),
        ("The netties sting.", "The nettles sting."),
        ("Ana's and Ana-Maria, Anagram, banana, Ana_1", "Anna's and Anna-Maria, Anagram, banana, Ana_1"),
        ("昨天月亮很圆", "昨天月光很圆"),
        ("", ""),
    ],
)
def test_whole_words_are_replaced(said: str, written: str) -> None:
    assert Corrections([NETTIES, KUBERNETES, ANNA, MOON, Entry("Zyx")]).correct(said) == written


def test_a_replacement_is_not_replaced_again() -> None:
    assert Corrections([Entry("Ben", "Ada"), Entry("Ada", "Ben")]).correct("Ada, Ben") == "Ben, Ada"


def test_without_corrections_texts_stay() -> None:
    assert Corrections([Entry("Zyx")]).correct("zyx (a|b) \\1") == "zyx (a|b) \\1"


def test_what_looks_like_a_pattern_is_a_word() -> None:
    corrections = Corrections([Entry("C\\1", "c++ (new)")])
    assert corrections.correct("We like C++ (new).") == "We like C\\1."


def test_letters_that_only_look_like_others_stay() -> None:
    assert Corrections([Entry("Will", "ill")]).correct("ıll, ILL") == "ıll, Will", "an i without its dot"
    assert Corrections([Entry("Strauss", "straße")]).correct("Straße") == "Strauss"


@given(
    st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=5), st.text(max_size=40), st.data()
)
def test_whatever_is_entered_only_that_is_replaced(
    pairs: list[tuple[str, str]], text: str, data: st.DataObject
) -> None:
    corrections = Corrections(Entry(term, heard) for heard, term in pairs)
    if pairs:
        heard = data.draw(st.sampled_from([heard for heard, _ in pairs]))
        text = f"{text} {heard} {text}"
    corrected = corrections.correct(text)
    assert (corrected == text) or corrections.made
    assert set(corrections.made) <= {Entry(term, heard) for heard, term in pairs}


def test_how_often_is_told_with_what_was_heard() -> None:
    corrections = Corrections([KUBERNETES, ANNA])
    for text in ("Ana and Cooper Netties", "cooper netties"):
        corrections.correct(text)
    assert described(corrections.made) == "Kubernetes for “Cooper Netties” (2 times), Anna for “Ana”"
