import pytest

from notetaker.model.languages import LANGUAGES
from notetaker.model.locale import Locale
from notetaker.notes import wording
from tests.notes.builders import SECOND, START, unix_ns

HOUR = 3600 * SECOND
DAY = 24 * HOUR
BERLIN = Locale("de", "Europe/Berlin")
TO_SUMMER = unix_ns("2027-03-28T01:00Z")
"""When Berlin's clocks go from 02:00 to 03:00."""
TO_WINTER = unix_ns("2027-10-31T01:00Z")
"""When Berlin's clocks go from 03:00 to 02:00."""


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("i will call them by friday", "I will call them by Friday."),
        ("so i'm late", "So I'm late."),
        ("on the first of march we march", "On the first of March we march."),
        ("what now?", "What now?"),
        ("… and i left …", "… and I left …"),
        ("Already a Sentence", "Already a Sentence"),
        ("ça va", "ça va"),
        ("你好", "你好"),
        ("42", "42"),
        ("", ""),
    ],
)
def test_bare_words_become_a_sentence_and_other_text_stays(heard: str, written: str) -> None:
    assert wording.sentence(heard) == written


def test_a_span_names_the_zone_and_another_day() -> None:
    assert wording.span(START, START + 41 * SECOND) == "14:30:05 to 14:30:46 UTC (41 s)"
    assert wording.span(START, START + DAY) == "14:30:05 to 23 November 2026, 14:30:05 UTC (24 h)"
    assert wording.day(START) == "22 November 2026"


def test_a_stretch_takes_in_every_second_that_it_touches() -> None:
    half = SECOND // 2
    assert wording.from_to(START, START + 3 * SECOND) == "14:30:05–14:30:08"
    assert wording.from_to(START + half, START + half + 1) == "14:30:05–14:30:06"
    assert wording.from_to(START, START + DAY) == "14:30:05–23 November 2026, 14:30:05"


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "22 November 2026"),
        ("de", "22. November 2026"),
        ("fr", "22 novembre 2026"),
        ("ja", "2026年11月22日"),
        ("he", "\u206722 בנובמבר 2026\u2069"),
        ("ht", "22 November 2026"),  # whose months CLDR only numbers
        ("xx", "22 November 2026"),
        ("no language", "22 November 2026"),
        ("", "22 November 2026"),
    ],
)
def test_a_date_is_in_the_language_of_the_meeting_or_in_english(language: str, written: str) -> None:
    assert wording.day(START, Locale(language)) == written


@pytest.mark.parametrize("language", [language.code for language in LANGUAGES])
def test_every_language_has_a_date(language: str) -> None:
    written = wording.day(START, Locale(language))
    assert "22" in written
    assert "2026" in written


def test_times_are_in_the_time_zone() -> None:
    assert wording.clock(START, BERLIN) == "15:30:05"
    assert wording.span(START, START + 41 * SECOND, BERLIN) == "15:30:05 to 15:30:46 CET (41 s)"
    assert wording.from_to(START, START + 3 * SECOND, BERLIN) == "15:30:05–15:30:08"


def test_midnight_is_that_of_the_time_zone() -> None:
    before, after = unix_ns("2026-11-22T22:59:50Z"), unix_ns("2026-11-22T23:00:10Z")
    assert wording.day(before, BERLIN) == "22. November 2026"
    assert wording.day(after, BERLIN) == "23. November 2026"
    assert wording.span(before, after, BERLIN) == "23:59:50 to 23. November 2026, 00:00:10 CET (20 s)"
    assert wording.from_to(before, after, BERLIN) == "23:59:50–23. November 2026, 00:00:10"


@pytest.mark.parametrize(
    ("change", "start", "end"),
    [(TO_SUMMER, "01:59:50 CET", "03:00:10 CEST"), (TO_WINTER, "02:59:50 CEST", "02:00:10 CET")],
)
def test_a_span_in_which_the_clocks_change_names_both_zones(change: int, start: str, end: str) -> None:
    started_ns, ended_ns = change - 10 * SECOND, change + 10 * SECOND
    assert wording.span(started_ns, ended_ns, BERLIN) == f"{start} to {end} (20 s)"
    assert wording.from_to(started_ns, ended_ns, BERLIN) == f"{start}–{end}"


def test_the_day_on_which_the_clocks_change_has_its_true_length() -> None:
    span = wording.span(TO_WINTER - 3 * HOUR, TO_WINTER + 22 * HOUR, BERLIN)
    assert span == "00:00:00 CEST to 1. November 2027, 00:00:00 CET (25 h)"


def test_a_zone_without_abbreviations_has_its_name() -> None:
    locale = Locale("en", "America/Argentina/Buenos_Aires")
    assert wording.span(START, START + SECOND, locale) == (
        "11:30:05 to 11:30:06 America/Argentina/Buenos Aires (1 s)"
    )
    to_summer = unix_ns("2026-09-06T04:00Z")
    assert wording.span(to_summer - SECOND, to_summer, Locale("en", "America/Santiago")) == (
        "23:59:59 UTC-04 to 6 September 2026, 01:00:00 UTC-03 (1 s)"
    )
