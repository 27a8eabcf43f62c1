"""``notetaker notes``."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from notetaker.cli import main
from notetaker.model.minutes import Item, Kind, Minutes
from notetaker.model.notes import Posting
from notetaker.notes.as_json import schema
from notetaker.store.store import Store
from tests.notes.builders import ADA, MEETING, said
from tests.notes.test_kinds import OWN


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """With one meeting, of which there are no notes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NOTETAKER_DATABASE_URL", raising=False)
    monkeypatch.setenv("NOTETAKER_STATE_DIR", str(tmp_path))
    store = Store(f"sqlite:///{tmp_path / 'notetaker.db'}")
    store.migrate()
    store.add_meeting(MEETING)
    store.name_speaker(MEETING.id, ADA, "Ada")
    utterance, text = said(ADA, 0, 3, "I really liked the pairing.")
    store.add_utterance(utterance)
    store.set_final({utterance.id: text}, MEETING.started_ns)
    yield store
    store.close()


@pytest.fixture
def noted(store: Store) -> None:
    [(utterance, _)] = store.transcribed(MEETING.id)
    mood = Item(Kind.ENTRY, "I really liked the pairing.", (utterance.id,), section="well")
    minutes = Minutes("Mood", (), (), (), (), (), ("built-in",), 0, entries=(mood,), kind="retro")
    store.save_notes(minutes, Posting(MEETING.id, 3, "", "", ""))


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["notes", *arguments])
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.usefixtures("noted")
def test_notes_as_people_and_programs_read_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "retro.toml").write_text(OWN)
    monkeypatch.setenv("NOTES_KINDS_DIR", str(tmp_path))
    document = run(MEETING.id)
    assert "\n## Went well\n\n- Ada: I really liked the pairing. (14:30:05)\n" in document
    assert document.count("14:30:05 **Ada:** I really liked the pairing.\n") == 1
    message = run(MEETING.id, "--format", "message")
    assert message.startswith("## Retro: General\n<t:1795357805:D>, ")
    assert "### Went well\n- Ada: I really liked the pairing. (<t:1795357805:T>)\n" in message
    data = json.loads(run(MEETING.id, "--format", "json"))
    Draft202012Validator(schema()).validate(data)
    assert [(one["name"], one["heading"]) for one in data["sections"]] == [("well", "Went well")]


@pytest.mark.usefixtures("noted")
def test_notes_of_a_kind_that_is_gone_are_shown_whole() -> None:
    assert "\n## Well\n\n- Ada: I really liked the pairing. (14:30:05)\n" in run(MEETING.id)


@pytest.mark.usefixtures("store")
def test_notes_that_are_not_there_are_one_sentence() -> None:
    assert run(MEETING.id, code=1) == f"notetaker: The notes of meeting {MEETING.id} are not written yet.\n"
    assert run("gone", code=1) == "notetaker: There is no meeting gone; `notetaker meetings` lists them.\n"
