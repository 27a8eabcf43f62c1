import pytest

from notetaker.model.minutes import Item, Kind, PartMinutes, Summary
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.joining import join
from notetaker.notes.minutes.making import make
from notetaker.notes.minutes.parts import parts
from tests.notes.minutes.builders import lines

NOTHING = Summary("", (), "built-in")
BUILT_IN = BuiltIn()


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


@pytest.mark.parametrize(
    ("first", "later", "overturned"),
    [
        ("We do not ship on Friday.", "We ship on Friday after all.", True),
        ("We do not ship on Friday.", "We ship on Friday.", True),
        ("We decided to use Rust for the server.", "Okay, we use Go for the server after all.", True),
        ("We go with the touch screen.", "We omit the touch screen in favour of voice.", True),
        ("We launch on the twelfth of March.", "We launch on the nineteenth of March instead.", True),
        ("We keep the blue logo.", "We will not change the blue logo any more.", False),
        ("We keep the blue logo.", "We drop the blue logo, we do not need it.", True),
        ("We keep the blue logo.", "We will not drop the blue logo.", False),
        ("We drop the blue logo.", "We do not use the blue logo.", False),
        ("We will not use green on the shirts.", "The shirts come in May.", False),
    ],
)
def test_only_a_contrary_decision_overturns_one(first: str, later: str, overturned: bool) -> None:
    joined = join([minutes_of(decided(first, "a")), minutes_of(decided(later, "b"))], NOTHING)
    assert joined.decisions[0].overturned == overturned


CHATTER = """
Ben: Yeah okay.
Cem: Fine with me.
""" + "\n".join(
    f"""
Ana: So the budget for quarter {quarter} is under the plan, and marketing asked for more money.
Ben: Mm-hmm.
Cem: I think the suppliers were late with the metal parts again this month.
Ben: Yeah they told me the trucks were stuck at the border for days."""
    for quarter in range(30)
)


@pytest.mark.parametrize(
    ("first", "later", "overturned"),
    [
        (
            "Okay, so we go with the touch screen then.",
            "Actually forget the touch screen, let's go with plain buttons.",
            True,
        ),
        (
            "Okay so we'll launch on the twelfth of March.",
            "Um so we decided to move the launch to the nineteenth of March instead.",
            True,
        ),
        (
            "So we've decided the case is made of titanium.",
            "Okay then we drop the titanium case, and use plastic instead.",
            True,
        ),
        (
            "Okay, we'll hire a second designer in spring.",
            "So we agreed we won't hire a second designer in spring after all.",
            True,
        ),
        (
            "So we've decided the case is made of titanium.",
            "We've decided that we don't need a manual for the charger.",
            False,
        ),
        (
            "Okay, we'll hire a second designer in spring.",
            "We've decided to drop the newsletter in summer.",
            False,
        ),
    ],
)
def test_what_is_overturned_many_minutes_later_is_marked(first: str, later: str, overturned: bool) -> None:
    decisions = _said_in_two_parts(first, later)
    assert [item.overturned for item in decisions] == [overturned, False]


def test_what_is_decided_again_many_minutes_later_is_one_decision() -> None:
    [decision] = _said_in_two_parts(
        "Okay, so we go with the touch screen then.", "So um to recap, we go with the touch screen."
    )
    assert len(decision.cites) >= 2


def _said_in_two_parts(first: str, later: str) -> tuple[Item, ...]:
    """Return the decisions of a meeting with these two and half an hour of talk after each."""
    spoken = lines(
        f"Ana: {first}{CHATTER}\nAna: {later}{CHATTER.replace('budget', 'garden')}".replace("\n\n", "\n")
    )
    cut = parts(spoken, ("Ana", "Ben", "Cem"), ended=True)
    made = [make(part, BUILT_IN, BUILT_IN) for part in cut]
    assert sum(any(item.kind is Kind.DECISION for item in minutes.items) for minutes in made) == 2
    return join(made, NOTHING).decisions


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
