"""The search must be as good on our own meetings as it has been, and the command must say how good it is."""

import json
from pathlib import Path

from click.testing import CliRunner

from tests.campaigns.notes_eval.cli import OWN
from tests.campaigns.search_eval.cli import main, score
from tests.campaigns.search_eval.evaluate import across, load, within


def test_the_search_is_as_good_as_it_was() -> None:
    meetings, queries = load(OWN)
    for results in (within(meetings, queries), across(meetings, queries)):
        assert score(results)["first"] >= 0.9
        assert score(results)["among"] >= 0.95


def test_the_command_says_what_was_found(tmp_path: Path) -> None:
    to = tmp_path / "found.json"
    shown = CliRunner().invoke(main, [str(OWN), "--json", str(to)])
    assert shown.exit_code == 0, shown.output
    assert "28 questions, 4 meetings" in shown.output
    found = json.loads(to.read_text())["of all meetings"]
    assert len(found["queries"]) == 28
    assert found["queries"][0]["found"][0][0] == "greenhouse"


def test_a_passage_elsewhere_is_wrong(tmp_path: Path) -> None:
    turns = [{"speaker": "Ana", "text": f"word{number} " * 60} for number in range(9)]
    queries = [
        {"query": "word3", "spans": [[3, 3]]},
        {"query": "word4", "spans": [[7, 8]]},
        {"query": "word5 word6", "spans": [[5, 5]]},
        {"query": "word8", "spans": [[0, 1], [8, 8]]},
    ]
    (tmp_path / "a.json").write_text(json.dumps({"meeting": "a", "turns": turns, "queries": queries}))
    results = within(*load(tmp_path))
    assert [(result.first, result.among) for result in results] == [
        (True, True),
        (False, False),
        (True, True),
        (True, True),
    ]


def test_what_is_no_labelled_meeting_is_refused(tmp_path: Path) -> None:
    assert "no labelled meeting (*.json) with queries" in CliRunner().invoke(main, [str(tmp_path)]).output
    (tmp_path / "a.json").write_text("[]")
    assert "a.json is not a labelled meeting" in CliRunner().invoke(main, [str(tmp_path)]).output
