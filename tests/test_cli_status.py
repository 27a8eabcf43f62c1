"""``notetaker status`` as its user meets it."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from notetaker import __version__
from notetaker.cli import main
from notetaker.model.voice_status import VoiceStatus
from notetaker.status.snapshot import document
from tests.status.examples import CONNECTED, ENDPOINT, LOUNGE, OFFICE, QUIET, STAGE, snapshot, voice


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("NOTETAKER_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("SPEECH_ENGINE", "pocketsphinx")
    return tmp_path


@contextmanager
def bot(state: Path, answer: bytes) -> Iterator[None]:
    """Answers once."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.settimeout(10)
        listening.bind(str(state / "notetaker.sock"))
        listening.listen()

        def serve() -> None:
            client, _ = listening.accept()
            with client:
                client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            thread.join()


def shown(state: Path, status: VoiceStatus | None = None, **changes: Any) -> str:
    """What the command prints, on 80 columns, with every run of spaces as one."""
    found = document(snapshot(status)) | changes
    with bot(state, json.dumps(found).encode()):
        result = CliRunner().invoke(main, ["status"], env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    assert max(map(len, result.output.splitlines())) <= 80
    return "\n".join(" ".join(line.split()) for line in result.output.splitlines())


def test_the_headline_says_what_runs_since_when_and_as_whom(state: Path) -> None:
    assert shown(state, pid=4242).splitlines()[:4] == [
        f"notetaker {__version__}, process 4242, up 2 h 5 min",
        "connected to Discord as Notetaker#0042, in 3 servers, latency 46 ms",
        "speech to text: pocketsphinx",
        "21 tasks, 30 open files (12 sockets), 80 MiB of memory",
    ]


def test_names_do_not_steer_the_terminal(state: Path) -> None:
    evil = "\x1b]0;pwned\x07"
    meeting = document(snapshot())["meetings"][0] | {"channel": evil}
    said = shown(state, user=evil, meetings=[meeting])
    assert said.count("pwned") == 2
    assert all(line.isprintable() for line in said.split("\n"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"user": None}, "not logged in to Discord yet"),
        ({"gateway": {"connected": False, "latency_s": None}}, "Notetaker#0042, reconnecting to Discord"),
    ],
)
def test_the_headline_says_what_is_not_there(state: Path, changes: dict[str, Any], said: str) -> None:
    assert shown(state, **changes).splitlines()[1] == said


def test_notes_that_nobody_got_are_in_the_headline(state: Path) -> None:
    assert "the notes of 1 meeting could not be delivered: see notetaker meetings\n" in shown(
        state, undelivered=1
    )


def test_every_server_in_voice_has_its_row(state: Path) -> None:
    text = shown(state)
    assert f"{OFFICE} connected for 12 min 5 s {ENDPOINT[:20]}" in text
    assert "latency 23 ms" in text
    assert "DAVE version 1" in text
    assert f"{LOUNGE} waiting for 12 s" in text
    assert f"{STAGE} next attempt within 48 s" in text
    assert "(4006)" in text


def test_who_cannot_be_heard_is_said(state: Path) -> None:
    said = shown(state, voice(replace(CONNECTED, nobody_to_hear=True, undecryptable=(7, 8))))
    assert "nobody to hear yet" in said
    assert "cannot be decrypted: 7, 8" in said


def test_the_coverage_of_a_running_recording_is_by_speaker(state: Path) -> None:
    text = shown(state)
    assert "Meeting 20261122-143005-k3f9qz in Standup, since 14:18:25 UTC, 2 people heard" in text
    assert "1323802873036800021 1,204 1,200 1,200 4 duplicate 3" in text
    assert "1323802873036800022 52 50 49 2 undecryptable 0" in text


def test_the_totals(state: Path) -> None:
    text = " ".join(shown(state).split())
    for line in (
        "attempts to connect 13: 9 succeeded (75.0% of those completed)",
        "attempts per success 1.33",
        "failures by step 2 identify, 1 credentials",
        "timeouts by step 1 credentials",
        "retries 2; 1 round failed",
        "1006, the connection was cut without a close code: 1×, last 2026-11-22 12:30:05 UTC",
        "4006, the voice session is no longer valid: 3×, last 2026-11-22 14:27:05 UTC",
        "sessions resumed 5; 1 failed",
        "disconnected for 7 s",
        "time to first packet 1.45 s (median), 70.00 s (worst)",
        "packets 1,234,567 heard, 4 duplicate, 1 bad auth",
        "stored 1,200,000",
        "lost on the way 17",
        "DAVE 1 invalid message, 2 recoveries",
        "other failures 1 undecryptable run, 6 UDP errors, 2 dead UDP paths",
        "health checks 60; 1 stale voice state removed",
    ):
        assert line in text


def test_a_bot_with_nothing_to_do_says_so(state: Path) -> None:
    text = shown(state, QUIET, meetings=[])
    assert "Not in a voice channel." in text
    assert "attempts to connect 0: 0 succeeded" in text
    assert "attempts per success" not in text
    assert "closed by the server never" in text
    assert "other failures" not in text


def test_a_second_bot_with_the_token_is_told_first(state: Path) -> None:
    text = shown(state, voice(CONNECTED, duplicate="Another process uses this [bold] token."))
    assert text.index("Another process uses this [bold] token.") < text.index(str(OFFICE))


def test_json_is_the_bot_s_own_answer_and_the_engine(state: Path) -> None:
    found = document(snapshot())
    with bot(state, json.dumps(found).encode()):
        result = CliRunner().invoke(main, ["status", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == found | {"speech": "pocketsphinx"}


def test_an_engine_that_cannot_be_had_is_told(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECH_ENGINE", "ear")
    assert "speech to text: SPEECH_ENGINE: there is no speech engine called 'ear'" in shown(state)


def test_no_bot_is_one_sentence_and_exit_code_3(state: Path) -> None:
    result = CliRunner().invoke(main, ["status", "--json"])
    assert result.exit_code == 3
    assert result.stderr == (
        f"notetaker: no bot is running with the state folder {state}: start one with `notetaker bot`, or name its "
        "folder in NOTETAKER_STATE_DIR.\n"
    )
    assert result.stdout == ""


def test_a_bot_that_dies_in_the_middle_of_its_answer_is_one_sentence_and_exit_code_4(state: Path) -> None:
    with bot(state, b'{"version": "0.'):
        result = CliRunner().invoke(main, ["status"])
    assert result.exit_code == 4
    assert result.stderr.startswith(f"notetaker: the bot at {state}/notetaker.sock gave no valid answer")
    assert result.stderr.count("\n") == 1
