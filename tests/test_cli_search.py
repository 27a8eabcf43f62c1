"""The command ``notetaker search``."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from notetaker.model.utterance import Clip, Transcription, Utterance
from notetaker.store.store import Store
from tests.test_cli import ADA, MEETING, STARTED, recorded, run, runner

__all__ = ["recorded", "runner"]


@pytest.mark.usefixtures("recorded")
def test_what_was_said_is_found_on_all_servers(runner: CliRunner, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'state' / 'notetaker.db'}")
    other = replace(MEETING, id="20261123-150000-aaaaaa", guild_id=5, voice_channel_name="Other\x1b[31m")
    store.add_meeting(other)
    one = Utterance(other.id, ADA, Clip(1, 24, 1000, 7), STARTED + 10**9, STARTED + 2 * 10**9, 50)
    store.add_utterance(one)
    store.set_final({one.id: Transcription("The morning after.", "whisper-base")}, STARTED)
    store.close()
    shown = run(runner, "search", "mornings").output.splitlines()
    assert shown[0].startswith(f"{other.id} in Other")
    assert "\x1b" not in shown[0]
    assert shown[1].endswith(f" Unknown speaker (id {ADA}): The morning after.")
    assert shown[2:] == [f"{MEETING.id} in Standup", f"  {shown[3].split()[0]} Ada: good morning all"]
    found = json.loads(run(runner, "search", "--json", "--limit", "1", "good", "morning").output)
    assert [line["text"] for line in found[0]["lines"]] == ["good morning all"]
    assert found[0]["snippet"] == [["good", True], [" ", False], ["morning", True], [" all", False]]


@pytest.mark.usefixtures("recorded")
def test_a_question_needs_no_more_than_one_of_its_words(runner: CliRunner) -> None:
    assert "good morning" in run(runner, "search", "--question", "was the morning sunny?").output
    failed = run(runner, "search", "sunny", "morning", code=1)
    assert failed.stderr == "notetaker: Nothing was found; fewer words find more.\n"
    assert json.loads(run(runner, "search", "--json", "sunny").output) == []
