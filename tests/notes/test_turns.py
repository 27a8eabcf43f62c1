from notetaker.model.transcript import Transcript
from notetaker.notes.turns import turns
from tests.notes.builders import ADA, BEN, gap, said, transcript


def joined(meeting: Transcript) -> list[str]:
    return [" / ".join(line.text for line in turn.lines) for turn in turns(meeting)]


def test_what_one_person_says_in_one_go_is_one_turn() -> None:
    assert joined(transcript(said(ADA, 0, 2, "a"), said(ADA, 3, 4, "b"), said(BEN, 5, 6, "c"))) == [
        "a / b",
        "c",
    ]


def test_an_interjection_ends_a_turn() -> None:
    assert joined(transcript(said(ADA, 0, 2, "a"), said(BEN, 1, 3, "c"), said(ADA, 3, 4, "b"))) == [
        "a",
        "c",
        "b",
    ]


def test_a_long_pause_ends_a_turn() -> None:
    assert joined(transcript(said(ADA, 0, 2, "a"), said(ADA, 6, 7, "b"))) == ["a", "b"]


def test_a_turn_is_short_enough_to_find_its_words_by_its_time() -> None:
    monologue = [said(ADA, start, start + 10, str(start)) for start in (0, 10, 20, 30)]
    assert joined(transcript(*monologue)) == ["0 / 10 / 20", "30"]


def test_a_gap_ends_a_turn_and_one_elsewhere_does_not() -> None:
    lines = said(ADA, 10, 12, "a"), said(ADA, 14, 15, "b")
    assert joined(transcript(*lines, gaps=(gap(12, 13),))) == ["a", "b"]
    assert joined(transcript(*lines, gaps=(gap(3, 4), gap(20, 21)))) == ["a / b"]


def test_sound_without_words_stands_alone() -> None:
    lines = said(ADA, 0, 1, "a"), said(ADA, 1, 2, "", error="It failed."), said(ADA, 2, 3, "b")
    assert joined(transcript(*lines)) == ["a", "", "b"]
