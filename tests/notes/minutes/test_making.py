"""Minutes made with writers that fail or invent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from notetaker.model.minutes import Item, Kind, Part, PartMinutes
from notetaker.model.notes_kind import NotesKind
from notetaker.notes.kinds import MEETING
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.making import NOTHING_HOLDS, make, sum_up
from notetaker.notes.minutes.writer import WriterError
from tests.writing.llm_server import part

PART = part()
BUILT_IN = BuiltIn()
TRUE = Item(Kind.DECISION, "The billing page is launched on the twelfth of March.", ("u2", "u3"))
FALSE = Item(Kind.DECISION, "The billing page is launched on the twentieth of March.", ("u2", "u3"))
ACTION = Item(Kind.ACTION, "Caro fixes the rounding of invoices.", ("u4",), "Caro", "by Friday")


@dataclass
class Model:
    """A writer that writes what it is told to."""

    written: tuple[Item, ...] = ()
    repaired: tuple[Item, ...] | WriterError = ()
    summary: tuple[str, tuple[Item, ...]] | WriterError = ("", ())
    dropped: int = 0
    title: str = "Launch"
    objections: list[Sequence[tuple[Item, str]]] = field(default_factory=list)
    name = "model"

    def write(self, part: Part) -> PartMinutes:
        return PartMinutes(self.title, self.written, 0, self.name, self.dropped)

    def repair(self, part: Part, objections: Sequence[tuple[Item, str]]) -> tuple[Item, ...]:
        self.objections.append(objections)
        if isinstance(self.repaired, WriterError):
            raise self.repaired
        return self.repaired

    def sum_up(self, parts: Sequence[PartMinutes], kind: NotesKind = MEETING) -> tuple[str, tuple[Item, ...]]:
        if isinstance(self.summary, WriterError):
            raise self.summary
        return self.summary


class Silent(Model):
    def write(self, part: Part) -> PartMinutes:
        raise WriterError("The language model cannot be reached.")


def test_what_holds_stays_and_nothing_is_asked_again() -> None:
    model = Model((TRUE, ACTION), dropped=1)
    assert make(PART, model, BUILT_IN) == PartMinutes("Launch", (TRUE, ACTION), 0, "model", dropped=1)
    assert not model.objections


def test_what_does_not_hold_gets_one_chance_with_the_reason() -> None:
    model = Model((FALSE, ACTION), repaired=(TRUE,))
    made = make(PART, model, BUILT_IN)
    assert (made.items, made.dropped) == ((ACTION, TRUE), 0)
    [[(item, reason)]] = model.objections
    assert item == FALSE
    assert "20" in reason


def test_what_does_not_hold_then_is_dropped_and_counted() -> None:
    for repaired in ((), (FALSE,), (FALSE, FALSE), WriterError("It is away.")):
        model = Model((FALSE, ACTION), repaired=repaired)
        made = make(PART, model, BUILT_IN)
        assert (made.items, made.dropped, made.made_by, made.fell_back) == ((ACTION,), 1, "model", None)
        assert len(model.objections) == 1


def test_repairing_adds_no_items() -> None:
    more = Item(Kind.POINT, "Ben would launch on the twelfth of March.", ("u2",))
    made = make(PART, Model((FALSE, ACTION), repaired=(ACTION, TRUE, more)), BUILT_IN)
    assert (made.items, made.dropped) == ((ACTION, TRUE), 0)


def test_what_is_written_twice_is_one_item() -> None:
    made = make(PART, Model((TRUE,) * 12), BUILT_IN)
    assert (made.items, made.dropped) == ((TRUE,), 0)


def test_the_built_in_writer_stands_in_for_one_that_fails() -> None:
    made = make(PART, Silent(), BUILT_IN)
    assert made.made_by == BUILT_IN.name
    assert made.fell_back == "The language model cannot be reached."
    assert make(PART, BUILT_IN, BUILT_IN).items == made.items
    assert make(PART, BUILT_IN, BUILT_IN).fell_back is None


class Broken(Model):
    """A writer with a bug, whose exception quotes what was said."""

    def __init__(self, at: str, name: str = "model") -> None:
        super().__init__((FALSE, TRUE), title="Launch")
        self.at, self.name = at, name

    def write(self, part: Part) -> PartMinutes:
        self._fail("write")
        return super().write(part)

    def repair(self, part: Part, objections: Sequence[tuple[Item, str]]) -> tuple[Item, ...]:
        self._fail("repair")
        return super().repair(part, objections)

    def sum_up(self, parts: Sequence[PartMinutes], kind: object = None) -> tuple[str, tuple[Item, ...]]:
        self._fail("sum_up")
        return super().sum_up(parts)

    def _fail(self, at: str) -> None:
        if at == self.at:
            raise KeyError("billing")


@pytest.mark.parametrize("at", ["write", "repair"])
def test_the_built_in_writer_stands_in_for_one_with_a_bug(at: str) -> None:
    made = make(PART, Broken(at), BUILT_IN)
    assert (made.items, made.made_by) == (BUILT_IN.write(PART).items, BUILT_IN.name)
    assert re.fullmatch(r"The writer failed \(KeyError at test_making\.py:\d+\)\.", made.fell_back or "")


def test_a_bug_of_the_built_in_writer_costs_a_part_only() -> None:
    broken = Broken("write", name="built-in")
    nothing = make(PART, broken, broken)
    assert (nothing.title, nothing.items, nothing.started_ns) == ("", (), PART.lines[0].started_ns)
    assert "KeyError" in (nothing.fell_back or "")
    both = make(PART, Silent(), broken)
    assert both.items == ()
    assert (both.fell_back or "").startswith(
        "The language model cannot be reached. The writer failed (KeyError"
    )
    model = make(PART, Model((TRUE,), title="Pirates"), broken)
    assert (model.title, model.items, model.fell_back) == ("", (TRUE,), None), (
        "what the model has written stays"
    )


def test_a_bug_in_summing_up_costs_the_summary_only() -> None:
    made = [make(PART, BUILT_IN, BUILT_IN)]
    summed = sum_up([PART], made, Broken("sum_up"), BUILT_IN)
    assert (summed.title, summed.items) == BUILT_IN.sum_up(made)
    assert "KeyError" in (summed.fell_back or "")
    broken = Broken("sum_up", name="built-in")
    nothing = sum_up([PART], made, broken, broken)
    assert (nothing.title, nothing.items, nothing.made_by) == ("", (), "built-in")
    assert "KeyError" in (nothing.fell_back or "")


def test_the_built_in_writer_stands_in_for_one_that_only_invents() -> None:
    made = make(PART, Model((FALSE,)), BUILT_IN)
    assert (made.made_by, made.fell_back) == (BUILT_IN.name, NOTHING_HOLDS)
    assert made.dropped >= 1
    nothing_to_say = make(PART, Model(), BUILT_IN)
    assert (nothing_to_say.items, nothing_to_say.made_by) == ((), "model")


MINUTES = [PartMinutes("Launch", (TRUE, ACTION), 0, "model")]
SHORT = Item(Kind.POINT, "Billing is launched on the twelfth of March.", ("u2", "u3"))
INVENTED = Item(Kind.POINT, "Billing is launched on 20 March.", ("u2", "u3"))


def test_a_summary_that_holds_stays() -> None:
    summed = sum_up([PART], MINUTES, Model(summary=("Launch on 12 March", (SHORT, INVENTED))), BUILT_IN)
    assert (summed.title, summed.items, summed.made_by) == ("Launch on 12 March", (SHORT,), "model")
    assert (summed.dropped, summed.fell_back) == (1, None)


def test_a_title_with_what_nobody_said_is_replaced() -> None:
    built_in = BUILT_IN.sum_up(MINUTES)[0]
    for title in ("Launch on 20 March", "Pirates sell the house", ""):
        summed = sum_up([PART], MINUTES, Model(summary=(title, (SHORT,))), BUILT_IN)
        assert (summed.title, summed.made_by) == (built_in, "model")
    for title in ("Pirates sell the house", "Launch of 20", ""):
        made = make(PART, Model((TRUE,), title=title), BUILT_IN)
        assert (made.title, made.made_by) == (BUILT_IN.write(PART).title, "model")


@pytest.mark.parametrize(
    ("title", "holds"),
    [
        ("Launch of the billing page", True),
        ("Launch and rounding plans", True),
        ("Ben and Caro: invoices", True),
        ("Billing Page Launch", True),
        ("Launch on 12 March", True),
        ("Ben is a thief", False),
        ("Globex and the billing page", False),
        ("The billing page for Globex", False),
        ("Launch in October", False),
    ],
)
def test_a_title_invents_neither_names_nor_deeds(title: str, holds: bool) -> None:
    made = make(PART, Model((TRUE,), title=title), BUILT_IN)
    assert (made.title == title) == holds
    summed = sum_up([PART], MINUTES, Model(summary=(title, (SHORT,))), BUILT_IN)
    assert (summed.title == title) == holds


def test_the_built_in_summary_stands_in() -> None:
    away = WriterError("The language model is too slow.")
    made = [make(PART, BUILT_IN, BUILT_IN)]
    for summary, reason in (
        (away, "The language model is too slow."),
        (("Launch", (INVENTED,)), NOTHING_HOLDS),
    ):
        summed = sum_up([PART], made, Model(summary=summary), BUILT_IN)
        assert (summed.title, summed.items) == BUILT_IN.sum_up(made)
        assert (summed.made_by, summed.fell_back) == (BUILT_IN.name, reason)


def test_the_built_in_writer_does_not_stand_in_for_itself() -> None:
    settled = [PartMinutes("Launch", (TRUE,), 0, BUILT_IN.name)]
    summed = sum_up([PART], settled, BUILT_IN, BUILT_IN)
    assert (summed.items, summed.fell_back) == ((), None)


def test_a_meeting_without_words_has_no_summary() -> None:
    assert sum_up([], [], Model(), BUILT_IN).items == ()
