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
