from notetaker.notes.minutes.questions import open_questions
from notetaker.notes.minutes.statements import talk
from tests.notes.minutes.builders import lines


def left_open(dialogue: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(item.text, item.cites) for item in open_questions(talk(lines(dialogue)))]


def test_a_question_that_nobody_could_answer_is_open() -> None:
    dialogue = """
        Ana: So would the county pay for a new roof?
        Ben: Good question. I have no idea.
    """
    assert left_open(dialogue) == [("Would the county pay for a new roof?", ("0",))]


def test_a_question_that_was_answered_is_not() -> None:
    assert left_open("Ana: Would the county pay for a new roof?\nBen: Yes, half of it.") == []


def test_a_question_that_is_called_open_is_open() -> None:
    dialogue = "Ana: The question is whether the library can afford another floor."
    assert [text for text, _ in left_open(dialogue)] == [dialogue.removeprefix("Ana: ")]


def test_small_talk_is_no_open_question() -> None:
    assert (
        left_open("Ana: Is it on?\nBen: I don't know.\nAna: Can you hear me now?\nBen: I'm not sure.") == []
    )


def test_what_somebody_was_asked_in_person_is_open_if_they_cannot_say() -> None:
    dialogue = """
        Ana: Are you able to tell us how many libraries will close next year?
        Ben: It's a bit early to say. We haven't seen the budget, and the county has its own plans for the buildings.
    """
    assert [text for text, _ in left_open(dialogue)] == [
        "Are you able to tell us how many libraries will close next year?"
    ]


def test_an_answer_that_begins_with_what_is_not_known_is_an_answer() -> None:
    dialogue = (
        "Ana: Would the county pay for a new roof?\nBen: I don't know the details, but they pay half of it."
    )
    assert left_open(dialogue) == []


def test_a_question_about_something_unnamed_is_none() -> None:
    assert left_open("Ana: Will it be in the same place as before?\nBen: I don't know.") == []
