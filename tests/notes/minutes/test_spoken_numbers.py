import pytest

from notetaker.notes.minutes.spoken_numbers import numbers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("25 euros", {"25"}),
        ("twenty-five euros", {"25"}),
        ("two thousand four hundred", {"2400"}),
        ("one hundred and six", {"106"}),
        ("1,250 and 12.50", {"1250", "12.5"}),
        ("the fifteenth of May", {"15"}),
        ("at 9:30", {"9:30"}),
        ("one of them, wait a second", set()),
        ("three or four", {"3", "4"}),
        ("2 million", {"2000000"}),
        ("twenty five three", {"25", "3"}),
        ("a hundred people", {"100"}),
        ("no numbers", set()),
    ],
)
def test_numbers_are_read_in_digits_and_words(text: str, found: set[str]) -> None:
    assert numbers(text) == found


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        ("12.50", "twelve fifty"),
        ("1250", "twelve fifty"),
        ("12.5", "twelve point five, I mean 12.50"),
        ("40,000", "forty thousand"),
        ("9", "at 9:30"),
        ("1 button", "just one button"),
        ("twenty five", "25"),
        ("2019", "twenty nineteen"),
        ("12", "a dozen eggs"),
        ("36", "three dozen"),
        ("3.2", "three point two"),
        ("25.75", "twenty-five point seven five"),
        ("1,500,000", "one and a half million"),
        ("2.5", "two and a half hours"),
        ("500,000", "half a million"),
        ("1500", "1.500 Euro"),
        ("201", "room two oh one"),
    ],
)
def test_who_says_it_in_another_way_still_said_it(claimed: str, said: str) -> None:
    assert numbers(claimed) <= numbers(said, generous=True)


@pytest.mark.parametrize(
    ("claimed", "said"),
    [("26", "twenty-five"), ("300", "thirty"), ("15 %", "fifty percent"), ("3.5", "three point two")],
)
def test_another_number_is_another(claimed: str, said: str) -> None:
    assert not numbers(claimed) & numbers(said, generous=True)
