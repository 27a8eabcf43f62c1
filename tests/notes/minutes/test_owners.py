import pytest

from notetaker.notes.minutes.owners import due, owner
from notetaker.notes.minutes.statements import talk
from tests.notes.minutes.builders import PEOPLE, lines


@pytest.mark.parametrize(
    ("dialogue", "person"),
    [
        ("Ana: I'll send it to all of you tomorrow.", "Ana"),
        ("Ana: I have to ask my boss about that.", "Ana"),
        ("Ana: I wanna try the new build tomorrow.", "Ana"),
        ("Ana: I want to fix the tests tomorrow.", "Ana"),
        ("Ana: I'd like to write the summary by Monday.", "Ana"),
        ("Ana: I would also like to ask the bank.", "Ana"),
        ("Ana: I'd better call the bank tomorrow.", "Ana"),
        ("Ana: I'd like you to call the bank tomorrow.\nBen: Okay.", "Ben"),
        ("Ana: I want you two to call the bank tomorrow.\nBen: Okay.", None),
        ("Ana: Ben, can you send it to us?", "Ben"),
        ("Ana: and cem is going to work on the design", "Cem"),
        ("Ana: I will see if you can get an idea of it.\nBen: Okay.", "Ana"),
        ("Ana: and see if you can get an idea\nBen: Okay.", None),
        ("Ana: Ben and Cem build the prototype together.", None),
        ("Ana: Could you call the printer today?\nBen: Sure, I will.", "Ben"),
        ("Ana: Could you call the printer today?\nBen: Why me and not him?", None),
        ("Ana: You two will make a model.\nBen: Okay.", None),
        ("Ana: We have to think about the name.\nBen: Okay.", None),
        ("Ana: Somebody has to water the plants.", None),
    ],
)
def test_who_is_to_do_it(dialogue: str, person: str | None) -> None:
    spoken = talk(lines(dialogue))
    assert owner(spoken.statements[0], spoken, PEOPLE) == person


def test_a_first_name_is_enough_if_only_one_has_it() -> None:
    spoken = talk(lines("Ana: Maria will send the report."))
    assert owner(spoken.statements[0], spoken, ("Maria Ruiz", "Ana")) == "Maria Ruiz"
    assert owner(spoken.statements[0], spoken, ("Maria Ruiz", "Maria Lopez", "Ana")) is None


def test_will_is_a_name_only_where_it_is_written_as_one() -> None:
    for text, person in (("i will send it", "Ana"), ("I will send it.", "Ana"), ("Will sends it.", "Will")):
        spoken = talk(lines(f"Ana: {text}"))
        assert owner(spoken.statements[0], spoken, ("Ana", "Will")) == person


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("I'll send it by Friday.", "by Friday"),
        ("I'll write it by the end of next week.", "by the end of next week"),
        ("We need it before the fifteenth of May.", "before the fifteenth of May"),
        ("I'll call them tomorrow and ask.", "tomorrow"),
        ("Have it ready for the next meeting.", "for the next meeting"),
        ("We meet in thirty minutes.", "in thirty minutes"),
        ("That is on today's agenda.", None),
        ("I'll put it on the table.", None),
        ("I'll stand by you.", None),
    ],
)
def test_when_it_is_due(text: str, when: str | None) -> None:
    assert due(text) == when
