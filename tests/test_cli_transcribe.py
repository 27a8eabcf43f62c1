"""``notetaker transcribe`` as its user meets it. With PocketSphinx, which is quick and always hears the same."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from notetaker.cli import main
from notetaker.demo.script import VOICES
from notetaker.demo.wer import word_error_rate
from notetaker.settings.values import Settings
from notetaker.speech.models.store import Store
from tests.speech.files.recordings import record, silence, voice, words

Run = Callable[..., Result]
MODULE = "notetaker.cli.transcribe"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """In a folder with a recording of Ada and one of Ben. Other standard error is none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPEECH_ENGINE", "pocketsphinx")
    for name in ("SPEECH_MODEL", "SPEECH_LANGUAGE", "SPEECH_VOCABULARY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys.modules[MODULE], "PATIENCE_S", 3600.0)
    shutil.copy(VOICES / "01-ada.opus", "ada.opus")
    record(tmp_path / "ben.mp4", voice(2) + silence(1), "aac", rate=48_000, picture=True)

    def run(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, ["transcribe", *arguments])
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return run


def test_a_file_becomes_text(run: Run) -> None:
    result = run("ada.opus")
    assert word_error_rate(words(0), result.stdout) <= 0.15
    assert (result.stdout.count("\n"), result.stderr) == (1, "")


def test_a_video_becomes_subtitles(run: Run) -> None:
    cue = r"00:00:0\d\.\d{3} --> 00:00:0\d\.\d{3}\n[a-z ]{1,42}\n([a-z ]{1,42}\n)?\n"
    assert re.fullmatch(rf"WEBVTT\n\n({cue})+", run("ben.mp4", "--format", "vtt").stdout)
    cue = r"\d\n00:00:0\d,\d{3} --> 00:00:0\d,\d{3}\n[a-z ]{1,42}\n([a-z ]{1,42}\n)?\n"
    assert re.fullmatch(rf"({cue})+", run("ben.mp4", "--format", "srt").stdout)


def test_json_has_the_times_of_words(run: Run) -> None:
    document = json.loads(run("ada.opus", "--format", "json").stdout)
    assert (document["file"], document["language"], document["engine"]) == ("ada.opus", "en", "pocketsphinx")
    [segment] = document["segments"]
    times = [(word["start_s"], word["end_s"]) for word in segment["words"]]
    assert times == sorted(times)
    assert " ".join(word["text"] for word in segment["words"]) == segment["text"]
    assert segment["start_s"] == times[0][0] < times[-1][1] <= document["duration_s"]


def test_several_files_are_headed_by_their_names(run: Run) -> None:
    lines = run("ada.opus", "ben.mp4").stdout.splitlines()
    assert [lines[0], *lines[2:4]] == ["==> ada.opus <==", "", "==> ben.mp4 <=="]
    documents = json.loads(run("ada.opus", "nothing.wav", "ben.mp4", "--format", "json", code=1).stdout)
    assert [document["file"] for document in documents] == ["ada.opus", "ben.mp4"]
    assert json.loads(run("a.wav", "b.wav", "--format", "json", code=1).stdout) == []


def test_what_cannot_be_transcribed_costs_a_sentence_each_and_no_other_file(run: Run, tmp_path: Path) -> None:
    Path("notes.txt").write_text("So we decided to open the new website.\n")
    record(tmp_path / "silent.mp4", silence(1), "", picture=True)
    result = run("nothing.wav", "notes.txt", ".", "silent.mp4", "ev\x1bil.wav", "ada.opus", code=1)
    assert result.stderr.splitlines() == [
        "notetaker: nothing.wav: there is no such file.",
        "notetaker: notes.txt: this is not an audio or video file.",
        "notetaker: .: this is a folder, not a file.",
        "notetaker: silent.mp4: it contains no audio.",
        "notetaker: ev\\x1bil.wav: there is no such file.",
    ]
    assert result.stdout.startswith("==> ada.opus <==\ngood morning")


def test_where_nobody_speaks_that_is_said(run: Run, tmp_path: Path) -> None:
    record(tmp_path / "silence.wav", silence(3))
    result = run("silence.wav", "--format", "vtt")
    assert (result.stdout, result.stderr) == (
        "WEBVTT\n\n",
        "notetaker: silence.wav: no speech found.\n",
    )


def test_text_goes_to_files(run: Run) -> None:
    assert run("ada.opus", "-o", "ada.txt").stdout == ""
    assert word_error_rate(words(0), Path("ada.txt").read_text()) <= 0.15
    Path("out").mkdir()
    shutil.copy("ada.opus", "ben.opus")
    assert (
        run("ada.opus", "ben.opus", "ben.mp4", "nothing.wav", "--format", "srt", "-o", "out", code=1).stdout
        == ""
    )
    assert sorted(path.name for path in Path("out").iterdir()) == ["ada.srt", "ben.mp4.srt", "ben.opus.srt"]


def test_an_output_that_makes_no_sense_is_refused(run: Run) -> None:
    assert "out must be a folder" in run("ada.opus", "ben.mp4", "-o", "out", code=2).stderr
    assert "would be overwritten" in run("ada.opus", "-o", "./ada.opus", code=2).stderr
    assert Path("ada.opus").read_bytes() == (VOICES / "01-ada.opus").read_bytes()
    missing = run("ada.opus", "-o", "missing/ada.txt", code=1)
    assert missing.stderr == "notetaker: cannot write the text: No such file or directory.\n"


def test_an_engine_or_a_model_that_cannot_be_had_is_one_sentence(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("ada.opus", "--engine", "ear", code=78).stderr.startswith(
        "notetaker: SPEECH_ENGINE: there is no speech engine called 'ear';"
    )
    monkeypatch.setenv("NOTETAKER_MODELS_DIR", str(tmp_path))
    sentence = run("ada.opus", "--engine", "whisper", "--model", "whisper-small", code=78).stderr
    assert sentence.startswith("notetaker: SPEECH_MODEL: the model whisper-small is not installed")


def test_a_model_in_the_settings_is_not_that_of_another_engine(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEECH_ENGINE", "openai")
    monkeypatch.setenv("SPEECH_MODEL", "whisper-1")
    assert "SPEECH_BASE_URL" in run("ada.opus", code=78).stderr
    assert run("ada.opus", "--engine", "pocketsphinx").stdout.startswith("good morning")


def test_a_language_is_a_name_or_a_code(run: Run) -> None:
    assert run("ada.opus", "--language", "English").stdout.startswith("good morning")
    assert run("ada.opus", "--language", "de", code=78).stderr == (
        "notetaker: --language: pocketsphinx does not support German.\n"
    )
    assert "'klingon' is not a known language" in run("ada.opus", "--language", "klingon", code=2).stderr


def test_a_server_that_is_away_costs_a_sentence_for_each_file(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEECH_BASE_URL", "http://127.0.0.1:9/v1")
    result = run("ada.opus", "ben.mp4", "--engine", "openai", code=1)
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == ["ada.opus", "ben.mp4"]


def test_progress_is_shown_in_lines_where_there_is_no_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[MODULE], "PATIENCE_S", 0.0)
    monkeypatch.setattr(sys.modules["notetaker.cli.common"], "LINE_EVERY_S", 0.0)
    result = run("ada.opus")
    assert result.stderr.splitlines()[-1] == "ada.opus: 0:00:02 of 0:00:02"
    assert result.stdout.startswith("good morning")


@pytest.mark.skipif(
    not Store(Settings.load().engine_settings.models_folders).installed(),
    reason="no Whisper model is installed",
)
def test_whisper_understands_both(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECH_ENGINE", "whisper")
    result = run("ada.opus", "ben.mp4", "--format", "json")
    for document, number in zip(json.loads(result.stdout), (0, 2), strict=True):
        text = " ".join(segment["text"] for segment in document["segments"])
        assert word_error_rate(words(number), text) <= 0.15
        assert document["engine"].startswith("whisper-")


def start(*arguments: str) -> "subprocess.Popen[str]":
    """Start the installed command, because ``python -m`` may end with SIGINT although it was handled.

    That happens in CPython 3.11 if the signal arrives while a string is executed, as dataclasses do.
    """
    return subprocess.Popen(
        [Path(sys.executable).with_name("notetaker"), "transcribe", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )


@pytest.mark.usefixtures("run")
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    record(tmp_path / "long.wav", (voice(0) + silence(1)) * 100)
    with start("long.wav", "-o", "out") as process:
        while not any(out.iterdir()):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, "")
    assert stderr.splitlines()[-1] == "notetaker: interrupted."
    assert list(out.iterdir()) == []


@pytest.mark.usefixtures("run")
def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path: Path) -> None:
    record(tmp_path / "long.wav", (voice(0) + silence(1)) * 30)
    with start("long.wav", "ada.opus") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "==> long.wav <==\n"
        process.stdout.close()
        assert process.stderr is not None
        stderr = process.stderr.read()
        process.wait(timeout=60)
    assert process.returncode == 1
    assert not [line for line in stderr.splitlines() if not line.startswith("long.wav: 0:")]


def test_help_does_not_wait_for_numpy() -> None:
    code = (
        "import sys, notetaker.cli; sys.exit(any(m in sys.modules for m in ('numpy', 'av', 'ctranslate2')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
