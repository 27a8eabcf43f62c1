"""The whole product: the demo's meeting, with real processes, in real time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(180)
def test_a_meeting_from_startnotes_to_posted_notes(tmp_path: Path) -> None:
    figures_file = tmp_path / "figures.json"
    (tmp_path / ".env").write_text("VOICE_RETRY_ATTEMPTS=many\n")  # which the demo must ignore
    run = subprocess.run(
        [sys.executable, "-m", "notetaker.demo", "--json", figures_file, "--state-dir", tmp_path / "state"],
        cwd=tmp_path,
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

    assert "<t:" not in run.stdout
    for line in ("DAVE version 1", "4006 session no longer valid", "What the bot posted"):
        assert line in run.stdout
    for log in (tmp_path / "state").glob("*.log"):
        text = log.read_text()
        for symptom in ("Traceback", "Unclosed", "was never retrieved", "WARNING asyncio"):
            assert symptom not in text, f"{log.name}: {text}"


@pytest.mark.parametrize("arguments", [["--json", "nowhere/figures.json"], ["--state-dir", ".env/state"]])
def test_a_folder_that_cannot_be_written_to_is_an_error_before_the_meeting(
    tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / ".env").touch()
    run = subprocess.run(
        [sys.executable, "-m", "notetaker.demo", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("Error: ")
    assert run.stderr.count("\n") == 1
    assert run.stdout == ""
