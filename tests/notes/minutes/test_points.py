from dataclasses import replace

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
