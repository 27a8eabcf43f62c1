"""The whole product: the demo's meeting, with real processes, in real time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(180)
def test_a_meeting_from_startnotes_to_posted_notes(tmp_path: Path) -> None:
    figures_file = tmp_path / "figures.json"
    run = subprocess.run(
        [sys.executable, "-m", "notetaker.demo", "--json", figures_file, "--state-dir", tmp_path / "state"],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    figures = json.loads(figures_file.read_text())
    assert [speaker["name"] for speaker in figures["speakers"]] == ["Ada", "Ben", "Chloe", "Dan"]
    for speaker in figures["speakers"]:
        assert speaker["packets_sent"] == speaker["packets_stored"] > 300
        assert set(speaker["packets_dropped"]) <= {"padding_only"}
        assert speaker["word_error_rate"] <= 0.4
    assert figures["dave_version"] == 1
    assert figures["close_codes"] == [4006]
    assert figures["notes_posted"] == 1
    assert figures["seconds_total"] < 120

    for line in ("DAVE version 1", "4006 session no longer valid", "What the bot posted"):
        assert line in run.stdout
    for log in (tmp_path / "state").glob("*.log"):
        text = log.read_text()
        for trouble in ("Traceback", "Unclosed", "was never retrieved", "WARNING asyncio"):
            assert trouble not in text, f"{log.name}: {text}"
