from dataclasses import replace

import pytest

from notetaker.notes.minutes.points import points
from notetaker.notes.minutes.statements import talk
from tests.notes.minutes.builders import part


def outline(dialogue: str, language: str = "en") -> list[str]:
    said = replace(part(dialogue), language=language)
    return [item.text for item in points(talk(said.lines, english=language == "en"), said, ())]


def test_the_weightiest_sentence_is_the_point() -> None:
    dialogue = """
        Ana: The bell of the bicycle is too quiet for the road.
        Ben: Cyclists on a busy road want a loud bell on the bicycle.
        Cem: My grandmother came by train and it rained the whole weekend.
    """
    assert outline(dialogue) == ["Cyclists on a busy road want a loud bell on the bicycle."]


def test_a_sentence_that_was_begun_anew_or_never_ended_is_no_point() -> None:
    dialogue = """
        Ana: The bell the bell is a bell and the bell of we want the bell of the.
        Ben: If the bell is too loud, or the bicycle with the bell.
        Ana: Is the bell on the bicycle with the bell and the horn
        Cem: Cyclists hear a horn better than a bell in the city.
    """
    assert outline(dialogue) == ["Cyclists hear a horn better than a bell in the city."]


def test_talk_about_the_meeting_is_worth_less() -> None:
    dialogue = """
        Ana: I'm going to show you the bell on the next slide about the bicycle bell.
        Ben: Most cyclists never use their bell on a quiet road.
    """
    assert outline(dialogue) == ["Most cyclists never use their bell on a quiet road."]


def test_what_is_in_other_items_is_not_told_again() -> None:
    said = part("Ana: We keep the old bell for the new bicycle this year.")
    assert points(talk(said.lines), said, {"0"}) == []


def test_in_other_languages_the_rules_of_english_do_not_hold() -> None:
    german = "Ana: Die Klingel an dem Fahrrad ist für eine laute Straße viel zu leise."
    assert outline(german, "de") == [german.removeprefix("Ana: ")]


@pytest.mark.parametrize(
    "fragment",
    [
        "All the different bells, and for the couple of ways that you have of combining them.",
        "At twenty-five hertz since the bells are ringing by two in the city.",
        "Depends on the bell and the horn of the bicycle in the city.",
        "If Cuz what you're trying to do is ring the bell for the cyclists.",
        "Not important they found the bell, that's not the horn but specific the city.",
        "It's about the working of the bell of it all.",
        "They've been ringing all the bells and stuff and I have the horn.",
        "The bell and the horn, left and right, to do the ringing.",
    ],
)
def test_a_fragment_or_what_says_nothing_is_no_point(fragment: str) -> None:
    assert outline(f"Ana: {fragment}") == []


@pytest.mark.parametrize(
    "whole",
    [
        "For the bicycle, we use a normal bell from the city.",
        "If the bell is too quiet, we must use the horn.",
        "The main delay relates to the receipt of the bells, as expected.",
        "It's hard to hear the bell of a bicycle on a busy road.",
        "In the city a bell is too quiet for the cars.",
    ],
)
def test_a_whole_sentence_may_begin_with_where_or_when(whole: str) -> None:
    assert outline(f"Ana: {whole}") == [whole]
