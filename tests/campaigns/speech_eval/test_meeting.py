"""The product's path, not in real time, with the best engine that is installed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from notetaker.demo.script import VOICES, load
from notetaker.settings.values import Settings
from notetaker.speech.engine import EngineSettingError
from notetaker.speech.engines import EngineSettings, choose
from tests.campaigns.speech_eval import folder, live, nonspeech, sentences
from tests.campaigns.speech_eval.client import Run
from tests.campaigns.speech_eval.meeting import Line, OfflineMeeting, failures
from tests.campaigns.speech_eval.network import Monologue
from tests.campaigns.speech_eval.transcriber import MeasuredTranscriber, percentile


def quietly(text: str) -> None:
    """Progress that nobody watches."""


def an_engine() -> EngineSettings:
    """The one that needs the least time."""
    settings = Settings.load().engine_settings
    for engine, model in (("whisper", "whisper-tiny.en"), ("whisper", None), ("pocketsphinx", None)):
        chosen = replace(settings, engine=engine, model=model)
        try:
            choose(chosen)
        except EngineSettingError:
            continue
        return chosen
    pytest.skip("no speech engine is installed")


@pytest.fixture(scope="module")
def transcriber() -> Iterator[MeasuredTranscriber]:
    with closing(MeasuredTranscriber(an_engine())) as transcriber:
        transcriber.start()
        yield transcriber


def test_the_demo_is_understood(tmp_path: Path, transcriber: MeasuredTranscriber) -> None:
    script = load()
    short = replace(script, sentences=tuple(one for one in script.sentences if one.start_s < 7))
    meeting = OfflineMeeting(tmp_path, transcriber, "en")
    lines = meeting.hold(sentences.runs_of(short))
    result = sentences.result(short, lines, transcriber)
    assert [line.user_id for line in lines] == [1, 2]
    assert result.figures["final"]["wer"] < 0.2
    assert result.figures["cost"]["speech_s"] == pytest.approx(9, abs=2)
    assert 0 < result.figures["cost"]["cpu_s_per_s"]["draft"] < 2
    assert 50 < result.figures["cost"]["peak_rss_mb"]["draft"] < 2_000
    console = Console(record=True, width=100)
    result.show(console)
    assert "final pass" in console.export_text()


def test_a_folder_is_understood(tmp_path: Path, transcriber: MeasuredTranscriber) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    (recordings / "a.opus").write_bytes((VOICES / "01-ada.opus").read_bytes())
    (recordings / "a.txt").write_text(load().sentences[0].text)
    (recordings / "b.opus").write_bytes((VOICES / "03-ben.opus").read_bytes())
    result = folder.run(tmp_path / "work", quietly, transcriber, recordings=recordings)
    a, b = result.figures["files"]
    assert a["wer"] < 0.3
    assert b["final"]
    assert "wer" not in b
    assert result.figures["final"]["words"] == 8
    assert any("1 recording without a text" in note for note in result.notes)


def test_nothing_is_heard_in_noise(tmp_path: Path, transcriber: MeasuredTranscriber) -> None:
    result = nonspeech.run(tmp_path, quietly, transcriber, minutes=0.3)
    assert result.figures["hours"] == pytest.approx(0.3 / 60, rel=0.05)
    assert len(result.rows) == len(result.figures["by_kind"]) + 1
    assert result.figures["words"]["final"] <= 3


def test_a_live_meeting_is_held_by_turns() -> None:
    said = live.by_turns(["a", "b", "c", "d"], 30)
    turns = sorted((run for runs in said.values() for run in runs), key=lambda run: run.start_s)
    assert len(said) == 4
    assert 25 < turns[-1].end_s < 40
    gaps = [after.start_s - before.end_s for before, after in pairwise(turns)]
    assert all(-1 < gap < 0.5 for gap in gaps)


def test_somebody_alone_pauses_between_turns() -> None:
    [turns] = live.by_turns(["a"], 20).values()
    pauses = [after.start_s - before.end_s for before, after in pairwise(turns)]
    assert len([pause for pause in pauses if pause > 0.8]) >= 2


def test_a_monologue_is_what_somebody_says_in_the_demo() -> None:
    ben = Monologue(load(), "Ben", 2, fec=True)
    assert [one.text for one in ben.said[:3]] == [one.text for one in ben.said[3:]]
    assert all(any(_within(run, one.start_s, one.end_s) for run in ben.runs) for one in ben.said)


def _within(run: Run, start_s: float, end_s: float) -> bool:
    return start_s <= run.start_s and run.end_s <= end_s + 0.1


def test_utterances_that_failed_are_counted() -> None:
    line = Line(1, 0.0, 1.0, "", "", None, "The engine has died.")
    assert failures([line, line, replace(line, error=None)]) == [
        "2 utterances without a text: The engine has died."
    ]


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([3, 1, 2, 4], 50) == 2
    assert percentile(range(1, 101), 95) == 95
    assert percentile([], 50) == 0


def test_the_command_writes_its_figures(tmp_path: Path) -> None:
    settings = an_engine()
    arguments = ["--engine", settings.engine, "--json", str(tmp_path / "figures.json"), "--only", "nonspeech"]
    if settings.model:
        arguments += ["--model", settings.model]
    command = [sys.executable, "-m", "tests.campaigns.speech_eval", *arguments, "--minutes", "0.1"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr
    assert "words invented" in run.stdout
    assert json.loads((tmp_path / "figures.json").read_text())["nonspeech"]["by_kind"]["fan"]["final"] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--only", "folder"], "needs a folder"),
        (["--engine", "nothing"], "there is no speech engine"),
        (["--engine", "whisper", "--model", "nothing"], "there is no model"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(arguments: list[str], sentence: str) -> None:
    command = [sys.executable, "-m", "tests.campaigns.speech_eval", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 1
    assert sentence in run.stderr
    assert "Traceback" not in run.stderr
