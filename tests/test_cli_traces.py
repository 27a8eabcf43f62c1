"""``notetaker voice-trace`` as its user meets it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notetaker import __version__
from notetaker.cli import main
from notetaker.cli.traces import COLOURS
from notetaker.voice.trace.writer import Tracer

TOKEN, SESSION = "canary-token", "canary-session"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTETAKER_STATE_DIR", str(tmp_path))
    return tmp_path / "voice-traces"


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def refused(folder: Path, attempt: int = 1, guild: int = 10) -> None:
    """An attempt that meets 4006."""
    seconds = Seconds()
    trace = Tracer(folder, monotonic=seconds).attempt(guild, 20, attempt, 3)
    trace.note("op 4", channel=20)
    seconds.now = 0.0125
    trace.note("VOICE_STATE_UPDATE", channel=20, session=SESSION)
    trace.note("VOICE_SERVER_UPDATE", endpoint="localhost:2048", token=TOKEN)
    trace.note("websocket opening", endpoint="localhost:2048")
    trace.note("websocket open")
    trace.note("step", name="IDENTIFY")
    identify = {"op": 0, "d": {"server_id": "10", "session_id": SESSION, "token": TOKEN}}
    trace.sent(json.dumps(identify))
    trace.received('{"op":8,"d":{"heartbeat_interval":13750,"v":8}}')
    seconds.now = 0.25
    trace.note("websocket closed", code=4006)
    trace.end(
        "Discord closed the voice connection during IDENTIFY: the voice session is no longer valid (4006)."
    )


def run(*arguments: str, code: int = 0, color: bool = False) -> Result:
    result = CliRunner().invoke(main, ["voice-trace", *arguments], color=color)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_without_traces_it_says_how_to_get_some(folder: Path) -> None:
    assert run().output == (
        f"No voice traces in {folder}. Set VOICE_DEBUG=1, reload the bot, and let it join a channel.\n"
    )


def test_a_guild_without_traces_is_named(folder: Path) -> None:
    refused(folder)
    assert run("--guild", "11").output.startswith(f"No voice traces of server 11 in {folder}. ")


def test_an_attempt_reads_like_a_conversation(folder: Path) -> None:
    refused(folder)
    title, *lines = run().output.splitlines()
    assert title.startswith("Attempt 1 of 3, 20")
    assert f", server 10, channel 20 (notetaker {__version__}, py-cord 2." in title
    assert lines[:9] == [
        "    0.000 > main gateway: op 4  channel=20",
        "    0.013 < main gateway: VOICE_STATE_UPDATE  channel=20 session=d8955c2d",
        "    0.013 < main gateway: VOICE_SERVER_UPDATE  endpoint=localhost:2048 token=4b598de5",
        "    0.013 * websocket opening  endpoint=localhost:2048",
        "    0.013 * websocket open",
        "    0.013 * step IDENTIFY",
        "    0.013 > op 0 IDENTIFY  server_id=10 session_id=d8955c2d token=4b598de5",
        "    0.013 < op 8 HELLO  heartbeat_interval=13750 v=8",
        "    0.250 * websocket closed  code=4006",
    ]


def test_a_failure_is_explained_at_the_end(folder: Path) -> None:
    refused(folder)
    output = run().output
    meaning, advice = output.index("What it means: Discord closed"), output.index("What to try: ")
    assert output.index("during IDENTIFY") < meaning < advice
    assert "pgrep -af notetaker" in output[advice:].replace("\n", " ")
    assert all(len(line) <= 110 for line in output[meaning:].splitlines())


def test_a_round_that_fails_in_one_way_is_explained_once(folder: Path) -> None:
    for attempt in (1, 2, 3):
        refused(folder, attempt)
    output = run().output
    assert output.count("What it means: ") == 1
    assert output.index("Attempt 3 of 3") < output.index("What it means: ")


def test_the_last_ones_are_shown_the_newest_at_the_end(folder: Path) -> None:
    for attempt in (1, 2, 3, 4):
        refused(folder, attempt, guild=9 + attempt % 2)
    assert titles(run()) == ["Attempt 2 of 3", "Attempt 3 of 3", "Attempt 4 of 3"]
    assert titles(run("-n", "1")) == ["Attempt 4 of 3"]
    assert titles(run("--guild", "10")) == ["Attempt 1 of 3", "Attempt 3 of 3"]


def titles(result: Result) -> list[str]:
    return [line.split(",")[0] for line in result.output.splitlines() if line.startswith("Attempt")]


def test_colour_is_for_terminals(folder: Path) -> None:
    refused(folder)
    assert "\x1b[" not in run().output
    assert "\x1b[32m> main gateway: op 4" in run(color=True).output
    assert set(COLOURS) == {"*", ">", "<"}


def test_programs_get_json(folder: Path) -> None:
    refused(folder)
    (found,) = json.loads(run("--json").output)
    assert found["outcome"].endswith("no longer valid (4006).")
    assert found["failure"]["step"] == "IDENTIFY"
    assert found["failure"]["close_code"] == 4006
    assert "fresh pair" in found["failure"]["advice"]
    assert found["damaged_lines"] == 0
    assert [line["event"] for line in found["lines"]][:2] == ["attempt", "op 4"]


def test_programs_get_json_without_traces_too(folder: Path) -> None:
    assert json.loads(run("--json").output) == []


def test_an_attempt_under_way_says_so(folder: Path) -> None:
    Tracer(folder).attempt(10, 20, 1, 3).note("op 4", channel=20)
    output = run().output
    assert "still in progress" in output
    assert "What it means" not in output


def test_following_the_call_is_no_numbered_attempt(folder: Path) -> None:
    Tracer(folder).attempt(10, 20, 0, 0)
    assert run().output.startswith("Following the call, 20")


def test_no_secret_is_shown(folder: Path) -> None:
    refused(folder)
    for output in (run().output, run("--json").output):
        assert TOKEN not in output
        assert SESSION not in output


def test_a_damaged_file_is_shown_as_far_as_it_goes(folder: Path) -> None:
    refused(folder)
    (path,) = folder.iterdir()
    text = path.read_bytes()
    path.write_bytes(text[len(text) // 3 : -10])
    output = run().output
    assert output.startswith(f"The attempt in {path.name}\n")
    assert f"Skipped 2 damaged lines of {path}." in output
    assert "websocket closed  code=4006" in output


def test_a_folder_that_is_none_is_one_sentence(folder: Path) -> None:
    folder.touch()
    assert run(code=75).stderr == f"notetaker: cannot read the voice traces in {folder}: Not a directory.\n"


LINES = st.dictionaries(
    st.sampled_from(["t", "event", "op", "of", "at", "guild", "d", "outcome", "code"]),
    st.none() | st.integers() | st.floats() | st.text() | st.sampled_from(["attempt", "end", "established"]),
).map(lambda line: json.dumps(line).encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(LINES | st.binary()))
def test_no_file_breaks_it(folder: Path, content: list[bytes]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "20261122T143005.000000000-10.jsonl").write_bytes(b"\n".join(content))
    run()
    run("--json")
