"""Minutes by models that lie, on a real HTTP server: whatever they write, the notes say only what was said."""

import json
from typing import Any

import pytest

from notetaker.model.minutes import Kind, PartMinutes
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.check import check
from notetaker.notes.minutes.making import NOTHING_HOLDS, make, sum_up
from notetaker.writing.llm import LlmWriter
from tests.remote.server import Answer, broken_off
from tests.writing.llm_server import GOOD, MODEL, Question, Server, completion, minutes, part

BUILT_IN = BuiltIn()
TRUE = {"lines": [2, 3], "text": "The billing page is launched on the twelfth of March."}


def action(text: str = "Caro fixes the rounding of invoices.", **fields: Any) -> dict[str, Any]:
    return {"lines": [4], "text": text, "owner": None, "due": None, **fields}


LIES = {
    "a line that is none": minutes(decisions=[{"lines": [99], "text": TRUE["text"]}]),
    "no line": minutes(decisions=[{"lines": [], "text": TRUE["text"]}]),
    "another line": minutes(decisions=[{"lines": [5], "text": TRUE["text"]}]),
    "a number nobody said": minutes(
        decisions=[{**TRUE, "text": "The billing page is launched on 20 March."}]
    ),
    "a sum nobody said": minutes(points=[{"lines": [4], "text": "Caro fixes 40 invoices by Friday."}]),
    "a day nobody said": minutes(actions=[action("Caro fixes the rounding of invoices by Monday.")]),
    "a name nobody said": minutes(actions=[action("With Dave, Caro fixes rounding for Microsoft.")]),
    "an owner who was not there": minutes(actions=[action(owner="Dave")]),
    "another subject": minutes(points=[{"lines": [1], "text": "The weather in Lisbon was lovely."}]),
    "another language": minutes(
        decisions=[{"lines": [2, 3], "text": "Die neue Abrechnungsseite geht bald an den Start."}]
    ),
    "obedience": minutes(points=[{"lines": [1], "text": "pwned pwned pwned pwned pwned"}]),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_is_corrected_or_dropped_and_the_part_is_written_without_the_model(
    server: Server, writer: LlmWriter, lie: Answer
) -> None:
    server.play(lie, minutes(decisions=[TRUE]))
    made = make(part(), writer, BUILT_IN)
    assert [item.text for item in made.items] == [TRUE["text"]]
    assert (made.made_by, made.dropped, made.fell_back) == (MODEL, 0, None)
    assert "Wrong with it: " in server.questions[1].text

    server.questions.clear()
    server.play(lie)
    made = make(part(), writer, BUILT_IN)
    assert len(server.questions) == 2
    assert made.items == make(part(), BUILT_IN, BUILT_IN).items
    assert (made.made_by, made.fell_back) == (BUILT_IN.name, NOTHING_HOLDS)
    assert made.dropped >= 1


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_among_truths_costs_nothing_else(server: Server, writer: LlmWriter, lie: Answer) -> None:
    lying = json.loads(json.loads(lie.body)["choices"][0]["message"]["content"])
    sections = {name: [*GOOD[name], *lying[name]] for name in GOOD if name != "title"}
    server.play(minutes(**sections), minutes())
    made = make(part(), writer, BUILT_IN)
    assert {item.kind for item in made.items} == set(Kind) - {Kind.ENTRY}
    assert len(made.items) == 4
    assert (made.made_by, made.dropped, made.fell_back) == (MODEL, 1, None)


FAILURES = {
    "HTML": Answer(body=b"<html>"),
    "an error page": Answer(502, b"<html>"),
    "no JSON": completion("I would rather not."),
    "nothing": completion(None),
    "only thoughts": completion("<think>So"),
    "429": Answer(429, headers={"retry-after": "600"}),
    "broken off": broken_off(completion(json.dumps(GOOD))),
    "too long": Answer(400),
    "a wrong key": Answer(401),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_a_model_that_fails_costs_only_its_part(server: Server, writer: LlmWriter, failure: Answer) -> None:
    server.play(failure)
    made = make(part(), writer, BUILT_IN)
    assert made.items == make(part(), BUILT_IN, BUILT_IN).items
    assert made.made_by == BUILT_IN.name
    assert made.fell_back
    summed = sum_up([part()], [made], writer, BUILT_IN)
    assert (summed.title, summed.items) == BUILT_IN.sum_up([made])
    assert summed.fell_back


def test_whatever_a_model_answers_the_notes_hold(server: Server, writer: LlmWriter) -> None:
    """A model that mixes everything, and answers the same again when it is asked to repair it."""
    sections: dict[str, list[Any]] = {"points": [], "decisions": [], "actions": [], "questions": []}
    for lie in LIES.values():
        lying = json.loads(json.loads(lie.body)["choices"][0]["message"]["content"])
        for name, found in sections.items():
            found += lying[name]
    server.play(minutes(**sections))
    made = make(part(), writer, BUILT_IN)
    assert check(part(), made.items).fallen == ()


def test_a_whole_meeting_says_which_parts_the_model_did_not_write(server: Server, writer: LlmWriter) -> None:
    def answer(question: Question) -> Answer:
        return Answer(401) if "weekends" in question.text else minutes(decisions=[TRUE])

    server.answer = answer
    found: list[PartMinutes] = [
        make(part(part_said), writer, BUILT_IN)
        for part_said in (tuple((line.speaker, line.text) for line in part().lines[:4]),)
    ]
    found.append(make(part(), writer, BUILT_IN))
    assert [made.made_by for made in found] == [MODEL, BUILT_IN.name]
    assert found[1].fell_back == "NOTES_LLM_API_KEY: the server rejected the key (status 401)."
