from notetaker.model.minutes import Item, Kind, PartMinutes, Summary
from notetaker.notes.minutes.joining import join

NOTHING = Summary("", (), "built-in")


def decided(text: str, *cites: str) -> Item:
    return Item(Kind.DECISION, text, cites)


def minutes_of(*items: Item, made_by: str = "built-in", dropped: int = 0) -> PartMinutes:
    return PartMinutes("Motor", items, 0, made_by, dropped)


def test_what_was_decided_twice_is_one_decision_in_its_last_words() -> None:
    first = decided("We take the new motor.", "a")
    recap = decided("So we take the new motor, then.", "b")
    joined = join([minutes_of(first), minutes_of(recap)], NOTHING)
    assert joined.decisions == (decided("So we take the new motor, then.", "a", "b"),)


def test_tasks_of_two_people_stay_two() -> None:
    one = Item(Kind.ACTION, "Write the report about the motor.", ("a",), "Ana")
    other = Item(Kind.ACTION, "Write the report about the motor.", ("b",), "Ben")
    assert join([minutes_of(one, other)], NOTHING).actions == (one, other)


def test_the_same_task_keeps_the_owner_and_the_date_that_one_of_them_has() -> None:
    one = Item(Kind.ACTION, "Write the report about the motor.", ("a",), "Ana")
    other = Item(Kind.ACTION, "Write the report about the motor.", ("b",), None, "by Friday")
    (action,) = join([minutes_of(one, other)], NOTHING).actions
    assert (action.owner, action.due, action.cites) == ("Ana", "by Friday", ("a", "b"))


def test_a_decision_that_was_overturned_is_marked() -> None:
    first = decided("We go with the touch screen.", "a")
    kept = decided("The case is made of rubber.", "b")
    later = decided("We drop the touch screen.", "c")
    joined = join([minutes_of(first, kept), minutes_of(later)], NOTHING)
    assert [(item.text, item.overturned) for item in joined.decisions] == [
        ("We go with the touch screen.", True),
        ("The case is made of rubber.", False),
        ("We drop the touch screen.", False),
    ]


def test_decisions_about_different_numbers_are_different() -> None:
    one, other = decided("We keep plan 4 of the office.", "a"), decided("We keep plan 5 of the office.", "b")
    assert join([minutes_of(one, other)], NOTHING).decisions == (one, other)


def test_two_things_left_out_are_two_decisions() -> None:
    joined = join(
        [minutes_of(decided("We drop the radio.", "a"), decided("We drop the lamp.", "b"))], NOTHING
    )
    assert [item.overturned for item in joined.decisions] == [False, False]


def test_the_outline_keeps_its_parts_and_their_writers() -> None:
    point = Item(Kind.POINT, "The motor is too loud for a kitchen.", ("a",))
    parts = [
        minutes_of(point),
        minutes_of(made_by="a model", dropped=2),
        minutes_of(made_by="a model", dropped=1),
    ]
    joined = join(parts, Summary("Motor", (point,), "a model", dropped=4, fell_back="It is away."))
    assert joined.parts == tuple(parts)
    assert joined.made_by == ("a model", "built-in")
    assert (joined.title, joined.summary, joined.dropped) == ("Motor", (point,), 7)
    assert joined.fell_back == "It is away."
