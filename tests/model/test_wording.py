"""Counts, durations and cuts, as a person reads them."""

import pytest

from notetaker.model import wording


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
    assert wording.duration(round(seconds * wording.SECOND_NS)) == words


def test_counts() -> None:
    assert wording.count(1, "packet") == "1 packet"
    assert wording.count(1904, "packet") == "1,904 packets"
    assert wording.count(2, "stretch", "stretches") == "2 stretches"
