"""The built-in writer on dialogue. How good it is on whole meetings is measured by ``scripts/eval-notes``."""

from dataclasses import replace

import pytest
from hypothesis import given

from notetaker.model.minutes import Item, Kind, Part, PartMinutes, Summary
from notetaker.model.transcript import Transcript
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.check import check
from notetaker.notes.minutes.joining import join
from notetaker.notes.minutes.parts import parts
from tests.notes.minutes.builders import part
from tests.notes.strategies import meetings, speech

WRITER = BuiltIn()

DESIGN = part("""
    Ana: So um what do we do about the handle, do we want it at all?
    Ben: I'd say no, nobody uses it and it costs two euros.
    Cem: Mm-hmm, true.
    Ana: Okay, so we decided to leave out the handle then.
    Ben: Yeah.
    Cem: Okay.
    Ben: The new motor is quieter than the old motor, I tested the motor for a whole week in the kitchen.
    Ana: That's good to hear.
    Ana: And who tells the factory?
    Ben: I'll call the factory tomorrow and tell them.
    Ana: Great. Can you hear me, Cem?
    Cem: Yes.
    Ana: Cem, could you please send me the drawings by Friday?
    Cem: Sure, I'll send them.
    Ben: I'm going to share my screen now.
    Ana: Let's move on to the next slide.
""")


def items(of: Part, kind: Kind) -> list[Item]:
    return [item for item in WRITER.write(of).items if item.kind is kind]


def test_a_decision_is_found() -> None:
    assert items(DESIGN, Kind.DECISION) == [
        Item(Kind.DECISION, "We decided to leave out the handle then.", ("3",))
    ]


def test_tasks_are_found_with_owner_and_date_and_what_is_done_at_once_is_not() -> None:
    found = items(DESIGN, Kind.ACTION)
    assert (
        Item(Kind.ACTION, "I'll call the factory tomorrow and tell them.", ("9",), "Ben", "tomorrow") in found
    )
    assert ("Cem", "by Friday") in {(item.owner, item.due) for item in found}
    assert {cite for item in found for cite in item.cites} <= {"9", "12", "13"}


def test_the_outline_tells_what_the_part_is_about() -> None:
    minutes = WRITER.write(DESIGN)
    assert minutes.title == "Handle, factory"
    assert [item.cites for item in minutes.items if item.kind is Kind.POINT] == [("6",)]
    assert minutes.started_ns == DESIGN.lines[0].started_ns
    assert minutes.made_by == "built-in"


def test_a_decision_in_a_few_words_comes_with_what_was_proposed() -> None:
    short = part("""
        Ana: My suggestion would be that we hire two people in spring.
        Ben: Yes.
        Cem: Good idea.
        Ana: Okay, let's do that then.
        Ben: Okay.
        Cem: Agreed.
    """)
    sure = replace(
        WRITER.classifier,
        models={kind: replace(model, threshold=0.2) for kind, model in WRITER.classifier.models.items()},
    )
    decisions = [item for item in BuiltIn(sure).write(short).items if item.kind is Kind.DECISION]
    assert [(item.text, item.cites) for item in decisions] == [
        ("My suggestion would be that we hire two people in spring. Let's do that then.", ("0", "3"))
    ]


def test_a_task_about_an_unnamed_thing_comes_with_what_was_said_before() -> None:
    dialogue = part("""
        Ana: The clock on the server is wrong again, since the power cut.
        Ben: Oh. I will fix it this week.
        Ana: Thanks.
    """)
    assert items(dialogue, Kind.ACTION) == [
        Item(
            Kind.ACTION,
            "The clock on the server is wrong again, since the power cut. I will fix it this week.",
            ("0", "1"),
            "Ben",
            "this week",
        )
    ]


def test_plain_words_are_enough() -> None:
    plain = part("""
        Ana: so we decided to open the new website on the first of march
        Ben: i will send the final report to all of you by friday
        Cem: we have all agreed on the blue logo
        Ana: ben will call the customers on tuesday
        Ben: and last year we decided to keep the red logo
        Cem: if we agreed on that it would be easier
    """)
    assert [item.cites for item in items(plain, Kind.DECISION)] == [("0",), ("2",)]
    assert [(item.cites, item.owner) for item in items(plain, Kind.ACTION)] == [
        (("1",), "Ben"),
        (("3",), "Ben"),
    ]


def test_half_a_sentence_is_no_item_and_what_was_not_settled_none() -> None:
    halves = part("""
        Ana: If you can check the product evaluation with some pilots tomorrow.
        Ben: Okay.
        Ana: That we can send the new features to the customers by Friday.
        Ben: So we decided to buy new chairs for the kitchen and for the whole.
        Cem: I don't think we are going with the blue logo.
        Ana: Okay.
        Ben: I won't call the client on Monday.
    """)
    assert [item for item in WRITER.write(halves).items if item.kind in (Kind.DECISION, Kind.ACTION)] == []


def test_a_proposal_that_cannot_be_read_is_not_quoted() -> None:
    rough = part("""
        Ana: I suggest that we the we blue logo is the with the for the poster of the.
        Ben: Okay, let's go with that then.
        Cem: Agreed.
    """)
    assert "poster" not in " ".join(item.text for item in items(rough, Kind.DECISION))


def test_chatter_gives_nothing() -> None:
    chatter = part(
        "Ana: Mm-hmm, mmm.\nBen: Yeah, okay.\nAna: Wa can you explain that?\nBen: Okay, well I'll move on."
    )
    assert WRITER.write(chatter).items == ()


def test_of_other_languages_it_takes_points_only() -> None:
    german = replace(
        part("""
            Ana: Wir haben beschlossen, dass das Budget für den Garten im Sommer erhöht wird.
            Ben: Das Budget für den Garten war auch wirklich zu klein geworden, finde ich.
        """),
        language="de",
    )
    assert {item.kind for item in WRITER.write(german).items} == {Kind.POINT}


@pytest.mark.parametrize(
    ("language", "dialogue", "title"),
    [
        (
            "de",
            """Ana: Wir haben gestern beschlossen, dass das Budget für den Garten erhöht wird.
            Ben: Haben wir gestern beschlossen, dass auch der Garten ein eigenes Budget hat?""",
            "Budget, Garten",
        ),
        (
            "fr",
            """Ana: Nous avons dit que le budget était trop petit pour nous.
            Ben: Nous avons dit dans cette réunion que le budget était bon.""",
            "Budget",
        ),
        ("ja", "Ana: 予算を増やします。\nBen: 予算を増やします。", ""),
        ("xx", "Ana: zorp blarg flim zorp.\nBen: zorp blarg flim zorp.", ""),
    ],
)
def test_a_title_has_no_function_words_of_its_language(language: str, dialogue: str, title: str) -> None:
    assert WRITER.write(replace(part(dialogue), language=language)).title == title


@pytest.mark.parametrize(
    "said",
    [
        "Fine-tuning the speech model takes a whole day on this machine.",
        "Right-click the channel and you can see the new settings.",
        "Well-documented code is what the new people need most here.",
        "ışık ve ses ayarları odadaki herkes için is very important today.",
        "µTorrent is still the program that downloads the large files.",
    ],
)
@pytest.mark.parametrize("language", ["en", "tr"])
def test_a_point_may_begin_with_any_word(said: str, language: str) -> None:
    spoken = replace(part(f"Ana: {said}"), language=language)
    assert [item.text[1:] for item in WRITER.write(spoken).items] == [said[1:]]


def test_the_summary_is_taken_from_the_parts_with_most_in_them() -> None:
    point = Item(Kind.POINT, "The motor is too loud for a kitchen.", ("1",))
    task = Item(Kind.ACTION, "I'll call the factory tomorrow.", ("2",), "Ben")
    told = [PartMinutes("Motor", (point, task), 0, "built-in"), PartMinutes("", (), 1, "built-in")]
    assert WRITER.sum_up(told) == ("Motor", (point,))


@given(meetings(texts=speech))
def test_whatever_was_said_every_item_holds(meeting: Transcript) -> None:
    people = tuple(meeting.speakers.values())
    written = []
    for one in parts(meeting.lines, people, ended=True):
        minutes = WRITER.write(one)
        for item in minutes.items:
            assert sum(any(map(str.isalnum, word)) for word in item.text.split()) >= 5
            assert check(one, [item]).fallen == ()
        assert WRITER.write(one) == minutes
        written.append(minutes)
    join(written, Summary(*WRITER.sum_up(written), WRITER.name))


@given(meetings())
def test_whatever_was_written_it_does_not_fail(meeting: Transcript) -> None:
    for one in parts(meeting.lines, tuple(meeting.speakers.values()), ended=True):
        check(one, WRITER.write(one).items)
