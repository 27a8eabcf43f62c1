"""The command as its user meets it."""

import json
import re
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from notetaker import __version__
from notetaker.cli import main
from notetaker.jobs.so_far import known_parts, transcript_of
from notetaker.model.meeting import Meeting
from notetaker.model.minutes import Item, Kind, PartMinutes
from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Clip, Transcription, Utterance
from notetaker.store.store import Store

ADA = 1323802873036800000
STARTED = 1_795_357_805_000_000_000
MEETING = Meeting("20261122-143005-k3f9qz", 1, 2, "Standup", 3, ADA, STARTED)


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    for name in ("DISCORD_TOKEN", "DISCORD_BOT_TOKEN", "NOTETAKER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NOTETAKER_STATE_DIR", str(tmp_path / "state"))
    return CliRunner()


@pytest.fixture
def recorded(runner: CliRunner, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'state' / 'notetaker.db'}")
    store.migrate()
    store.add_meeting(MEETING)
    store.name_speaker(MEETING.id, ADA, "Ada")
    utterance = Utterance(MEETING.id, ADA, Clip(1, 24, 1000, 7), STARTED + 10**9, STARTED + 2 * 10**9, 50)
    store.add_utterance(utterance)
    store.set_final({utterance.id: Transcription("good morning all", "whisper-base")}, STARTED + 3 * 10**9)
    outcomes = Counter({Outcome.HEARD: 50, Outcome.DUPLICATE: 2})
    store.set_coverage(MEETING.id, [Coverage(ADA, outcomes, lost=1, stored=50)])
    store.add_gap(MEETING.id, Gap(STARTED + 3 * 10**9, STARTED + 4 * 10**9, "voice session lost (4006)"))
    store.add_gap(MEETING.id, Gap(STARTED + 5 * 10**9, STARTED + 6 * 10**9, "12 packets never arrived", ADA))
    store.end_meeting(MEETING.id, STARTED + 5 * 10**9)
    store.close()


def run(runner: CliRunner, *arguments: str, code: int = 0) -> Result:
    result = runner.invoke(main, arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def test_version(runner: CliRunner) -> None:
    assert run(runner, "--version").output == f"notetaker, version {__version__}\n"


def test_a_missing_token_is_one_sentence_and_exit_code_78(runner: CliRunner) -> None:
    result = run(runner, "bot", code=78)
    assert result.stderr.startswith("notetaker: DISCORD_TOKEN is not set; for example")
    assert result.stderr.count("\n") == 1


def test_dotenv_in_the_working_folder_is_read(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_RETRY_ATTEMPTS", "3")  # so that what load_dotenv sets is undone after the test
    monkeypatch.delenv("VOICE_RETRY_ATTEMPTS")
    Path(".env").write_text("VOICE_RETRY_ATTEMPTS=many\n")
    assert run(runner, "bot", code=78).stderr.startswith("notetaker: VOICE_RETRY_ATTEMPTS is invalid:")


def test_an_unknown_speech_engine_is_one_sentence(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECH_ENGINE", "ear")
    assert run(runner, "worker", code=78).stderr == (
        "notetaker: SPEECH_ENGINE: there is no speech engine called 'ear'; use one of: "
        "auto, whisper, onnx, openai, pocketsphinx.\n"
    )


def test_an_engine_that_does_not_start_is_worth_another_start(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pocketsphinx.py").write_text("import os; os._exit(1)\n")
    monkeypatch.setenv("SPEECH_ENGINE", "pocketsphinx")
    monkeypatch.syspath_prepend(tmp_path)  # the engine's process has the same
    result = run(runner, "worker", code=75)
    assert result.stderr == "notetaker: The speech engine pocketsphinx crashed.\n"


@pytest.mark.parametrize("command", ["bot", "worker", "meetings"])
def test_a_wrong_database_is_one_sentence_without_its_password(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.def")
    monkeypatch.setenv("NOTETAKER_DATABASE_URL", "mysql://me:hidden@db/notes")
    result = run(runner, command, code=78)
    assert result.stderr.startswith("notetaker: NOTETAKER_DATABASE_URL")
    assert "'mysql'" in result.stderr
    assert "hidden" not in result.output


@pytest.mark.parametrize(
    ("charset", "channel", "name"),
    [
        ("ascii", "? ???? Cafe", "Zoe"),
        ("latin-1", "? ???? Café", "Zoë"),
        ("utf-8", "🔊 שלום Café", "Zoë"),
    ],
)
def test_a_terminal_that_is_not_utf_8_shows_something_readable(
    runner: CliRunner, tmp_path: Path, charset: str, channel: str, name: str
) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'state' / 'notetaker.db'}")) as store:
        store.migrate()
        store.add_meeting(replace(MEETING, voice_channel_name="🔊 שלום Café"))
        store.name_speaker(MEETING.id, ADA, "Zoë")
        store.set_coverage(MEETING.id, [Coverage(ADA, Counter({Outcome.HEARD: 50}), stored=50)])
    terminal = CliRunner(charset=charset)
    one = run(terminal, "meeting", MEETING.id).stdout
    assert f"in {channel}: recording" in one
    assert name in one
    listed = run(terminal, "meetings").stdout
    assert name in listed
    assert channel.split()[0] in listed
    assert ("✗" in run(terminal, "doctor", code=1).stdout) == (charset == "utf-8")


@pytest.mark.parametrize("command", ["bot", "worker"])
def test_a_damaged_job_database_is_one_sentence(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.def")
    monkeypatch.setenv("NOTETAKER_STATE_DIR", str(tmp_path))
    file = tmp_path / "notetaker-jobs.db"
    file.write_bytes(b"\xff" * 5000)
    assert run(runner, command, code=78).stderr == (
        f"notetaker: the job database {file} is damaged or not a SQLite file; restore a backup, or move it "
        "away to start with a new one.\n"
    )


@pytest.mark.parametrize("command", ["worker", "meetings"])
def test_a_database_that_is_away_is_worth_another_start(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """But for a bot, which waits for it: tests/service/test_opening.py"""
    monkeypatch.setenv("NOTETAKER_DATABASE_URL", "postgresql://me:hidden@127.0.0.1:1/notes")
    result = run(runner, command, code=75)
    assert re.search(
        "^notetaker: the (database 'notes' on 127.0.0.1|job database) cannot be used: ", result.stderr, re.M
    )
    assert "hidden" not in result.output


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"DISCORD_TOKEN=\xff\n", "{} is not UTF-8."),
        (None, "cannot read {}: Input/output error."),
    ],
)
def test_a_dotenv_that_cannot_be_read_is_one_sentence(
    runner: CliRunner, content: bytes | None, sentence: str
) -> None:
    if content is None:
        Path(".env").symlink_to("/proc/self/mem")  # opens, and cannot be read, whoever we are
    else:
        Path(".env").write_bytes(content)
    result = run(runner, "meetings", code=78)
    assert result.stderr == f"notetaker: {sentence.format(Path('.env').absolute())}\n"


def test_no_meetings_yet(runner: CliRunner) -> None:
    assert run(runner, "meetings").output == "There are no meetings yet.\n"
    assert json.loads(run(runner, "meetings", "--json").output) == []


@pytest.mark.usefixtures("recorded")
def test_meetings_are_listed(runner: CliRunner) -> None:
    line = run(runner, "meetings").output.splitlines()[1]
    assert line.split() == [MEETING.id, "finishing", "Standup", "2026-11-22", "14:30", "Ada", "3"]
    [listed] = json.loads(run(runner, "meetings", "--json").output)
    assert (listed["id"], listed["people"], listed["words"]) == (MEETING.id, ["Ada"], 3)


@pytest.mark.usefixtures("recorded")
def test_names_are_shown_as_they_are(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    store = Store(f"sqlite:///{tmp_path / 'state' / 'notetaker.db'}")
    store.name_speaker(MEETING.id, ADA, "[/b] [red]Ada")
    store.close()
    assert "[/b] [red]Ada" in run(runner, "meetings").output
    assert run(runner, "meeting", MEETING.id).output.splitlines()[-1].startswith(" [/b] [red]Ada ")


@pytest.mark.usefixtures("recorded")
def test_the_id_of_a_meeting_is_whole_on_a_narrow_terminal(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    store = Store(f"sqlite:///{tmp_path / 'state' / 'notetaker.db'}")
    other = replace(MEETING, id="20261122-150000-aaaaaa", voice_channel_name="Weekly-of-Everybody" * 4)
    store.add_meeting(other)
    store.name_speaker(other.id, ADA, "Ada Augusta King, Countess of Lovelace")
    store.close()
    assert other.id in run(runner, "meetings").output


@pytest.mark.usefixtures("recorded")
def test_what_strangers_have_typed_does_not_steer_the_terminal(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    evil = "\x1b]0;pwned\x07\x9b31m\u202e\nGrüße"
    store = Store(f"sqlite:///{tmp_path / 'state' / 'notetaker.db'}")
    other = replace(MEETING, id="20261122-150000-aaaaaa", voice_channel_name=evil)
    store.add_meeting(other)
    store.name_speaker(other.id, ADA, evil)
    utterance = Utterance(other.id, ADA, Clip(1, 24, 1000, 7), STARTED + 10**9, STARTED + 2 * 10**9, 50)
    store.add_utterance(utterance)
    store.set_final({utterance.id: Transcription(evil, "whisper-base")}, STARTED)
    store.set_coverage(other.id, [Coverage(ADA, Counter({Outcome.HEARD: 50}), lost=1, stored=50)])
    store.add_gap(other.id, Gap(STARTED + 3 * 10**9, STARTED + 4 * 10**9, evil, ADA))
    store.close()
    for command in (["meetings"], ["meeting", other.id]):
        shown = run(runner, *command).output
        assert "pwned" in shown
        assert "Grüße" in shown
        assert all(line.isprintable() for line in shown.split("\n"))
        told = run(runner, *command, "--json").output
        assert all(line.isprintable() for line in told.split("\n"))
        assert evil in str_values(json.loads(told))


def str_values(value: Any) -> list[str]:
    match value:
        case list():
            return [text for one in value for text in str_values(one)]
        case dict():
            return str_values(list(value.values()))
        case _:
            return [value] if isinstance(value, str) else []


def test_a_list_has_a_sensible_length(runner: CliRunner) -> None:
    for limit in ("0", "-3", str(10**30)):
        assert "Invalid value for '--limit'" in run(runner, "meetings", "--limit", limit, code=2).stderr


@pytest.mark.usefixtures("recorded")
def test_a_meeting_shows_what_was_said_and_what_was_heard(runner: CliRunner) -> None:
    output = run(runner, "meeting", MEETING.id).output
    assert "14:30:06 Ada: good morning all\n" in output
    assert "Lines appeared 1.0 s after the last word (median; 95 %: 1.0 s).\n" in output
    assert "14:30:08 to 14:30:09 not heard: voice session lost (4006)\n" in output
    assert "14:30:10 to 14:30:11 Ada not heard: 12 packets never arrived\n" in output
    assert output.splitlines()[-1].split() == ["Ada", "52", "50", "50", "2", "duplicate", "1"]
    shown = json.loads(run(runner, "meeting", MEETING.id, "--json").output)
    assert shown["speakers"] == [
        {
            "user_id": str(ADA),
            "name": "Ada",
            "received": 52,
            "heard": 50,
            "stored": 50,
            "dropped": {"duplicate": 2},
            "lost": 1,
            "uses": {
                "transcribed": 50,
                "no_speech": 0,
                "quiet": 0,
                "undecodable": 0,
                "failed": 0,
                "waiting": 0,
            },
        }
    ]


def test_a_meeting_that_goes_on_shows_its_minutes_so_far(runner: CliRunner, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'state' / 'notetaker.db'}")
    store.migrate()
    meeting = replace(MEETING, ended_ns=None)
    store.add_meeting(meeting)
    for number in range(120):
        said_ns = STARTED + number * 10 * 10**9
        one = Utterance(
            meeting.id, ADA, Clip(1, 90 * number, 90 * number + 80, 7), said_ns, said_ns + 9 * 10**9, 450
        )
        store.add_utterance(one)
        text = (
            "I'll write the \x1b[31mpayment form by Friday."
            if number == 0
            else "So about the payment form of the shop."
        )
        store.set_final({one.id: Transcription(text, "e", language="en")}, said_ns)
    key, part = next(iter(known_parts(store, transcript_of(store, meeting, "UTC")).items()))
    action = Item(Kind.ACTION, part.lines[0].text, (part.lines[0].utterance_id,), "Ada", "by Friday")
    store.save_part(meeting.id, key, PartMinutes("Payment", (action,), STARTED, "built-in"))
    store.close()
    output = run(runner, "meeting", meeting.id).output
    assert "\x1b" not in output
    minutes = output.partition("\n\n")[2]
    assert minutes.startswith(
        "Minutes until 14:32:44:\n  action: I'll write the \\x1b[31mpayment form by Friday. (Ada, by Friday)\n\n"
    )
    shown = json.loads(run(runner, "meeting", meeting.id, "--json").output)["minutes"]
    assert shown["topics"] == [{"started": "2026-11-22T14:30:05.000+00:00", "title": "Payment"}]
    assert shown["items"] == [
        {"kind": "action", "text": part.lines[0].text, "owner": "Ada", "due": "by Friday"}
    ]


@pytest.mark.usefixtures("recorded")
def test_a_draft_is_marked(runner: CliRunner, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'state' / 'notetaker.db'}")
    clip = Clip(1, 2000, 3000, 7)
    utterance = Utterance(MEETING.id, ADA, clip, STARTED + 3 * 10**9, STARTED + 4 * 10**9, 50)
    store.add_utterance(utterance)
    store.set_draft(
        utterance.id, Transcription("lets beginn", "whisper-base", final=False), STARTED + 5 * 10**9
    )
    store.close()
    output = run(runner, "meeting", MEETING.id).output
    assert "1 line marked ~ is a draft until the final pass.\n" in output
    assert "14:30:06 Ada: good morning all\n14:30:08~Ada: lets beginn\n" in output


@pytest.mark.usefixtures("recorded")
def test_a_meeting_shows_what_is_not_in_its_text(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    store = Store(f"sqlite:///{tmp_path / 'state' / 'notetaker.db'}")
    for number, text in enumerate(
        (Transcription("hello", "e", undecodable=4), Transcription("", "e", error="No."), None), start=2
    ):
        clip = Clip(1, 1000 * number, 1000 * number + 1000, 7)
        utterance = Utterance(MEETING.id, ADA, clip, STARTED + number * 10**9, STARTED + number * 10**9, 10)
        store.add_utterance(utterance)
        if text:
            store.set_final({utterance.id: text}, STARTED)
    store.set_coverage(MEETING.id, [Coverage(ADA, Counter({Outcome.HEARD: 90}), stored=90), Coverage(8)])
    store.close()
    [other, ada] = run(runner, "meeting", MEETING.id).output.splitlines()[-2:]
    assert ada.split()[-4:] == ["4", "undecodable,", "10", "failed"]
    assert other.split()[-1] == "0"
    shown = json.loads(run(runner, "meeting", MEETING.id, "--json").output)
    assert shown["speakers"][1]["uses"] == {
        "transcribed": 56,
        "no_speech": 0,
        "quiet": 10,
        "undecodable": 4,
        "failed": 10,
        "waiting": 10,
    }
    assert set(shown["speakers"][0]["uses"].values()) == {0}


@pytest.mark.usefixtures("recorded")
def test_notes_that_nobody_got_are_not_hidden(runner: CliRunner, tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'state' / 'notetaker.db'}")) as store:
        store.refuse(MEETING.id, 3, "the channel no longer exists")
        store.refuse(MEETING.id, ADA, "the person takes no direct messages from the bot")
        assert "undelivered" not in run(runner, "meetings").output
        store.give_up_posting(MEETING.id)
    assert "`notetaker meeting ID` says why" in run(runner, "meetings").output
    shown = run(runner, "meeting", MEETING.id).output
    assert "The notes could not be posted in channel 3: the channel no longer exists.\n" in shown
    assert "in a direct message: the person takes no direct messages from the bot.\n" in shown


def test_a_meeting_that_does_not_exist(runner: CliRunner) -> None:
    assert run(runner, "meeting", "nonsense", code=1).stderr == (
        "notetaker: There is no meeting nonsense; `notetaker meetings` lists them.\n"
    )
