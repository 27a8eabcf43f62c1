"""Which settings a reload finds, and what becomes of them. ``test_supervision`` has the real process."""

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from notetaker.host.errors import SettingsError
from notetaker.host.users import user_name
from notetaker.settings import reload
from notetaker.settings.reload import LIVE, EnvFile, Reload
from notetaker.settings.values import Settings
from tests.harness.office import Office
from tests.harness.process import WAIT_S
from tests.harness.watchdog import a_watchdog


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "notetaker.env"


class Bot:
    def __init__(self, environment: dict[str, str], reading_s: float = reload.READING_S) -> None:
        self.settings: list[Settings] = []
        self.reload = Reload(
            Settings.load(environment), EnvFile(environment), self.settings.append, reading_s
        )


def started(file: Path, content: str, **others: str) -> dict[str, str]:
    """The environment that systemd makes of the file."""
    file.write_text(content)
    given = dict(line.split("=", 1) for line in content.splitlines() if not line.startswith("#"))
    return {**others, **given, "NOTETAKER_ENV_FILE": str(file)}


def test_the_file_counts_more_than_the_environment_and_what_it_lacks_is_not_set(file: Path) -> None:
    env_file = EnvFile(started(file, "LOG_LEVEL=DEBUG\nVOICE_DEBUG=1\n", LOG_LEVEL="ERROR", HOME="/root"))
    file.write_text("# quiet\nLOG_LEVEL='WARNING'\n")
    assert env_file.environment() == {
        "HOME": "/root",
        "LOG_LEVEL": "WARNING",
        "NOTETAKER_ENV_FILE": str(file),
    }
    file.unlink()
    assert "LOG_LEVEL" not in env_file.environment()


def test_a_named_file_is_read_as_systemd_reads_it(file: Path) -> None:
    env_file = EnvFile(started(file, ""))
    file.write_text("; a comment\nLOG_LEVEL=DEBUG # while I look for it\n")
    assert env_file.environment()["LOG_LEVEL"] == "DEBUG # while I look for it"


def test_without_a_named_file_there_is_dotenv_which_counts_less_than_the_environment(file: Path) -> None:
    dotenv = file.with_name(".env")
    dotenv.write_text("LOG_LEVEL=DEBUG\nVOICE_DEBUG=1\n")
    env_file = EnvFile({"LOG_LEVEL": "ERROR", "VOICE_DEBUG": "1"})
    dotenv.write_text("LOG_LEVEL=INFO\nPORT=9464 # a comment\nMETRICS_PORT=${PORT}\n")
    assert env_file.environment() == {"LOG_LEVEL": "ERROR", "PORT": "9464", "METRICS_PORT": "9464"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("LOG_LEVEL=INFO\nnonsense here\n", "line 2"),
        ('A="1\n', "line 1"),
    ],
)
def test_a_dotenv_that_is_malformed_is_one_sentence(file: Path, content: str, problem: str) -> None:
    file.with_name(".env").write_text(content)
    with pytest.raises(SettingsError) as error:
        EnvFile({}).environment()
    where = f"{problem} of {file.with_name('.env')}"
    assert str(error.value) == f"{where} is malformed: use NAME=value, or # for a comment"


@pytest.mark.parametrize("named", [True, False])
def test_a_file_that_cannot_be_read_is_one_sentence(file: Path, named: bool) -> None:
    path = file if named else file.with_name(".env")
    env_file = EnvFile({"NOTETAKER_ENV_FILE": str(path)} if named else {})
    path.write_bytes(b"# a comment\nLOG_LEVEL=\xff\n")
    with pytest.raises(SettingsError) as error:
        env_file.environment()
    assert str(error.value) == f"line 2 of {path} is not UTF-8"
    path.unlink()
    path.mkdir()
    with pytest.raises(SettingsError) as error:
        env_file.environment()
    assert str(error.value) == (
        f"cannot read {path} (Is a directory): make it readable for {user_name(os.geteuid())}"
    )


async def test_each_reload_compares_with_what_holds_now(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    bot = Bot(started(file, "LOG_LEVEL=INFO\n"))
    for content in ("LOG_LEVEL=DEBUG\nSPEECH_ENGINE=other\n", "LOG_LEVEL=DEBUG\nSPEECH_ENGINE=other\n", ""):
        file.write_text(content)
        await bot.reload()
    assert [settings.log_level for settings in bot.settings] == ["DEBUG", "DEBUG", "INFO"]
    assert [
        record.getMessage().removeprefix(f"Reloaded settings from {file}: ") for record in caplog.records
    ] == [
        *("LOG_LEVEL", "SPEECH_ENGINE can only be changed by a restart"),
        *("no change", "SPEECH_ENGINE can only be changed by a restart"),
        "LOG_LEVEL",
    ]
    assert bot.reload.note == ""


@pytest.mark.parametrize("levels", [("INFO", "ERROR"), ("ERROR", "INFO"), ("WARNING", "DEBUG")])
async def test_a_reload_is_told_at_the_level_that_lets_more_be_seen(
    file: Path, caplog: pytest.LogCaptureFixture, levels: tuple[str, str]
) -> None:
    old, new = levels
    caplog.set_level(old)
    environment = started(file, f"LOG_LEVEL={old}\n")
    again = Reload(
        Settings.load(environment), EnvFile(environment), lambda new: caplog.set_level(new.log_level)
    )
    file.write_text(f"LOG_LEVEL={new}\nMETRICS_PORT=9464\n")
    await again()
    assert [record.getMessage() for record in caplog.records] == [
        f"Reloaded settings from {file}: LOG_LEVEL",
        "METRICS_PORT can only be changed by a restart",
    ]


async def test_settings_that_cannot_be_used_change_nothing_and_tell_no_secret(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot = Bot(started(file, ""))
    file.write_text("LOG_LEVEL=DEBUG\nDISCORD_TOKEN=Bot secret-part\nVOICE_RETRY_ATTEMPTS=0\n")
    await bot.reload()
    assert bot.settings == []
    assert bot.reload.note == "reloading the settings failed"
    [record] = caplog.records
    assert record.getMessage().startswith(
        "Reload failed, keeping the current settings: DISCORD_TOKEN is invalid: "
    )
    assert "; VOICE_RETRY_ATTEMPTS is invalid: " in record.getMessage()
    assert "secret-part" not in caplog.text


async def test_a_new_token_is_named_as_waiting_for_a_restart_and_not_told(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot = Bot(started(file, "DISCORD_TOKEN=old-token\n"))
    file.write_text("DISCORD_TOKEN=new-token\n")
    await bot.reload()
    assert bot.reload.note == "DISCORD_TOKEN will change after a restart"
    assert "new-token" not in caplog.text


async def test_a_file_that_never_ends_is_given_up_and_changes_nothing_later(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot = Bot(started(file, ""), reading_s=0.01)
    file.unlink()
    os.mkfifo(file)
    await bot.reload()
    assert bot.reload.note == "reloading the settings failed"
    [record] = caplog.records
    assert f"{file}, or a file named in it, could not be read within " in record.getMessage()

    [reader] = [thread for thread in threading.enumerate() if thread.name == "_load"]
    await asyncio.to_thread(file.write_text, "LOG_LEVEL=DEBUG\n")
    await asyncio.to_thread(reader.join)
    assert bot.settings == []


async def test_a_reload_that_hangs_does_not_keep_the_bot_from_stopping(
    office: Office, tmp_path: Path
) -> None:
    file = tmp_path / "notetaker.env"
    file.touch()
    async with (
        a_watchdog() as watchdog,
        office.process("bot", NOTETAKER_ENV_FILE=str(file), **watchdog.settings) as bot,
    ):
        await watchdog.until_heard("READY=1")
        file.unlink()
        os.mkfifo(file)
        bot.send_signal(signal.SIGHUP)
        await watchdog.until_heard("RELOADING=1")
        assert await bot.terminate() == 0


ENDS_AT_ONCE = """
import asyncio, atexit, os, signal
from notetaker.cli import main
from notetaker.service import bot

def hang_up():
    os.kill(os.getpid(), signal.SIGHUP)

async def run(settings):
    hang_up()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: None)

bot.run = run
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # who has started this may ignore it
atexit.register(hang_up)
main(["bot"])
"""


async def test_a_reload_before_or_after_the_event_loop_does_not_end_the_bot(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DISCORD_TOKEN": "x", "NOTETAKER_STATE_DIR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", ENDS_AT_ONCE, env=environment, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(WAIT_S):
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


def test_what_can_change_at_run_time_is_a_setting() -> None:
    assert set(LIVE) <= set(Settings.model_fields)
