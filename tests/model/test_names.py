import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.names import Person, told_apart

ALEX_A, ALEX_B, EVE = 1, 2, 3


def test_who_has_a_name_alone_is_called_by_it() -> None:
    people = {ALEX_A: Person("Alex", "alex_a"), EVE: Person(" Eve 🦊 ", "eve")}
    assert told_apart(people) == {ALEX_A: "Alex", EVE: "Eve 🦊"}


@pytest.mark.parametrize(
    "twin", ["Alex", "alex", "Alex\u200b", " A lex", "Ａｌｅｘ", "Alex\u3164", "\u202eAlex"]
)
def test_names_that_look_the_same_are_told_apart_by_the_user_name(twin: str) -> None:
    people = {ALEX_A: Person("Alex", "alex_a"), ALEX_B: Person(twin, "alex_b"), EVE: Person("Eve", "eve")}
    assert told_apart(people) == {ALEX_A: "Alex (alex_a)", ALEX_B: f"{twin.strip()} (alex_b)", EVE: "Eve"}


def test_without_a_user_name_it_is_the_id() -> None:
    assert told_apart({1: Person("Alex"), 2: Person("Alex")}) == {1: "Alex (id 1)", 2: "Alex (id 2)"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u200b",
        "\u3164",
        "\u200d\u2060",
        "\u00ad\U000e0020\U000e0041",
        "\u2800",
        "\u061c",
        "\u0301",
        "\ud800",
    ],
)
def test_who_shows_nothing_is_called_by_the_user_name(name: str) -> None:
    assert told_apart({EVE: Person(name, "eve")}) == {EVE: "eve"}
    assert told_apart({EVE: Person(name)}) == {EVE: "User 3"}


@pytest.mark.parametrize("name", ["🔴🔴", "👩‍👩‍👧‍👦", "(.*", "שלום", "की", "…", "\U0001fae9"])
def test_what_shows_something_is_a_name(name: str) -> None:
    assert told_apart({EVE: Person(name, "eve")}) == {EVE: name}


def test_nobody_can_take_the_name_that_another_one_has_got() -> None:
    people = {1: Person("Alex", "a"), 2: Person("Alex", "b"), 3: Person("Alex (a)", "c")}
    assert told_apart(people) == {1: "Alex (a) (id 1)", 2: "Alex (b)", 3: "Alex (a) (id 3)"}


@given(st.dictionaries(st.integers(1, 99), st.builds(Person, st.text(), st.none() | st.text())))
def test_everybody_has_a_name_of_their_own(people: dict[int, Person]) -> None:
    names = told_apart(people)
    assert names.keys() == people.keys()
    assert len(set(names.values())) == len(names)
    assert all(name.strip() for name in names.values())
