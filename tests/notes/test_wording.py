import pytest

from notetaker.notes import wording
from tests.notes.builders import SECOND, START

DAY = 86_400 * SECOND


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


@pytest.mark.parametrize(
    ("text", "limit", "clipped"),
    [
        ("short", 5, "short"),
        ("too long for this", 9, "too long…"),
        ("too long for this", 8, "too…"),
        ("unbreakable", 6, "unbre…"),
    ],
)
def test_a_cut_is_marked_and_falls_behind_a_word(text: str, limit: int, clipped: str) -> None:
    assert wording.clip(text, limit) == clipped
    assert len(clipped) <= limit


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.02, "1 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (725, "12 min 5 s"),
        (3600, "1 h"),
        (4800, "1 h 20 min"),
        (-3, "0 s"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert wording.duration(round(seconds * SECOND)) == words


def test_a_span_names_the_zone_and_another_day() -> None:
    assert wording.span(START, START + 41 * SECOND) == "14:30:05 to 14:30:46 UTC (41 s)"
    assert wording.span(START, START + DAY) == "14:30:05 to 23 November 2026, 14:30:05 UTC (24 h)"
    assert wording.day(START) == "22 November 2026"


def test_a_stretch_takes_in_every_second_that_it_touches() -> None:
    half = SECOND // 2
    assert wording.from_to(START, START + 3 * SECOND) == "14:30:05–14:30:08"
    assert wording.from_to(START + half, START + half + 1) == "14:30:05–14:30:06"
    assert wording.from_to(START, START + DAY) == "14:30:05–23 November 2026, 14:30:05"


def test_counts() -> None:
    assert wording.count(1, "packet") == "1 packet"
    assert wording.count(1904, "packet") == "1,904 packets"
    assert wording.count(2, "stretch", "stretches") == "2 stretches"
