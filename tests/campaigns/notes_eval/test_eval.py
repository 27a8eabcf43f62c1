"""The built-in writer must be as good on our own meetings as it has been, and the command must say how good it is."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from notetaker.model.minutes import Item, Kind, Part, PartMinutes
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.sentence import has_verb
from notetaker.notes.minutes.writer import Writer
from tests.campaigns.notes_eval.cli import OWN, main
from tests.campaigns.notes_eval.evaluate import Result, evaluate
from tests.campaigns.notes_eval.labelled import meetings
from tests.campaigns.notes_eval.score import total
from tests.remote.server import Answer
from tests.writing.llm_server import Question, Server, minutes

FLOORS = {
    Kind.DECISION: (0.9, 0.3),
    Kind.ACTION: (0.9, 0.7),
    Kind.QUESTION: (0.6, 0.5),
    Kind.POINT: (0.4, 0.3),
}
"""Least precision and recall. They are below what is reached by one item."""


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return [evaluate(meeting, BuiltIn()) for meeting in meetings(OWN)]


@pytest.mark.parametrize("kind", FLOORS)
def test_the_built_in_writer_is_as_good_as_it_was(results: list[Result], kind: Kind) -> None:
    score = total(result.score(kind) for result in results)
    precision, recall = FLOORS[kind]
    assert score.precision >= precision
    assert score.recall >= recall


def test_every_item_is_a_sentence(results: list[Result]) -> None:
    for result in results:
        for kind in Kind:
            for item in result.items(kind):
                assert 5 <= len(item.text.split()) <= 60, item
                assert has_verb(item.text), item


def test_nothing_that_it_writes_falls(results: list[Result]) -> None:
    assert [result.fallen for result in results] == [()] * len(results)


def test_notes_are_there_long_before_five_seconds(results: list[Result]) -> None:
    assert max(result.end_s for result in results) < 1


def test_the_command_writes_a_table_and_json(tmp_path: Path) -> None:
    to = tmp_path / "figures.json"
    shown = CliRunner().invoke(main, [str(OWN), "--json", str(to)])
    assert shown.exit_code == 0, shown.output
    assert "built-in, 4 meetings" in shown.output
    assert "decisions" in shown.output
    content = json.loads(to.read_text())
    assert content["total"]["decisions"]["labels"] == 13
    assert {"turns", "text"} <= set(content["meetings"][0]["items"]["actions"][0])


def test_an_unknown_writer_or_an_empty_folder_is_said(tmp_path: Path) -> None:
    assert "no writer 'nobody'" in CliRunner().invoke(main, [str(OWN), "--writer", "nobody"]).output
    assert "no labelled meeting" in CliRunner().invoke(main, [str(tmp_path)]).output


class Inventor:
    """A writer whose items do not hold, and who repairs one of them."""

    name = "inventor"

    def write(self, part: Part) -> PartMinutes:
        cites = (part.lines[0].utterance_id,)
        items = tuple(
            Item(Kind.DECISION, f"We buy {number} elephants tomorrow.", cites) for number in (77, 78)
        )
        return PartMinutes("Elephants", items, part.lines[0].started_ns, self.name)

    def repair(self, part: Part, objections: object) -> tuple[Item, ...]:
        line = next(line for line in part.lines if len(line.text.split()) > 6)
        return (Item(Kind.DECISION, line.text, (line.utterance_id,)),)

    def sum_up(self, parts: object, kind: object = None) -> tuple[str, tuple[Item, ...]]:
        return "Elephants", ()


def test_what_falls_is_repaired_once_or_dropped_and_counted() -> None:
    writer: Writer = Inventor()
    result = evaluate(meetings(OWN)[0], writer)
    assert len(result.items(Kind.DECISION)) == 1
    assert [reason for _, reason in result.fallen[:2]] == [
        "The number 77 is in none of the lines that it cites.",
        "The number 78 is in none of the lines that it cites.",
    ]
    assert result.minutes.dropped == len(result.fallen) - 1 == 1


def test_a_language_model_is_measured_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTES_LLM_API_KEY", "sk-secret")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    text = OWN.joinpath("website.json").read_text()
    (tmp_path / "website.json").write_text(text)
    said = json.loads(text)["turns"]

    def answer(question: Question) -> Answer:
        first, words = re.findall(r"(?m)^\[(\d+)\] \w+: ((?:\S+ ){6}.*)", question.text)[0]
        return minutes(points=[{"lines": [int(first)], "text": words}])

    with Server().running() as server:
        server.answer = answer
        arguments = [str(tmp_path), "--writer", "llm", "--base-url", server.url, "--model", "small"]
        shown = CliRunner().invoke(main, arguments)
        assert shown.exit_code == 0, shown.output
        assert "small, 1 meetings" in shown.output
        assert "parts that the writer did not write: 0" in shown.output
        assert server.questions[0].headers["authorization"] == "Bearer sk-secret"
        assert said[0]["text"].split()[0] in server.questions[0].text
        server.answer = lambda _: Answer(401)
        shown = CliRunner().invoke(main, arguments)
    assert re.search(r"parts that the writer did not write: [1-9]", shown.output)
    assert "times not written by the writer: NOTES_LLM_API_KEY: the server rejected the key" in shown.output
    assert "needs --base-url" in CliRunner().invoke(main, arguments[:3]).output
