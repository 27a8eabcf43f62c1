import logging
import os
import pty
import subprocess
import sys
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from notetaker.host.logs.setup import OURS, configure_logging
from notetaker.model import events
from notetaker.wire.dave import DaveGroup
from tests.harness.journald import FakeJournald

LOUD = """
import logging
from notetaker.model import events
from notetaker.host.logs.setup import configure_logging
configure_logging("DEBUG")
log = logging.getLogger("notetaker.service.bot")
log.info("Ready, in %d servers", 2, extra=events.READY())
log.warning("Voice ended in guild %d", 1, extra=events.VOICE_LOST(guild_id=1, voice_close_code=4006))
logging.getLogger("discord.http").warning("rate limited")
"""


@pytest.fixture(autouse=True)
def restore_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    loggers = [logging.getLogger(name) for name in (None, OURS, "dave")]
    levels, handlers = [one.level for one in loggers], loggers[0].handlers[:]
    yield
    for one, level in zip(loggers, levels, strict=True):
        one.setLevel(level)
    for handler in loggers[0].handlers:
        if handler not in handlers:
            handler.close()
    loggers[0].handlers[:] = handlers


class Stream:
    """``end`` is for whoever writes, and what came is read from the other."""

    def __init__(self, reader: int, writer: int) -> None:
        os.set_blocking(reader, False)
        self._reader = reader
        self.end = os.fdopen(writer, "w")

    def read(self) -> str:
        """What has come since the last time."""
        came = b""
        try:
            while part := os.read(self._reader, 1 << 16):
                came += part
        except BlockingIOError:
            pass
        return came.decode()

    def close(self) -> None:
        self.end.close()
        os.close(self._reader)


@pytest.fixture
def pipe() -> Iterator[Stream]:
    opened = Stream(*os.pipe())
    yield opened
    opened.close()


@pytest.fixture
def terminal() -> Iterator[Stream]:
    reader, writer = pty.openpty()
    tty.setraw(writer)  # else it would make each newline two characters
    opened = Stream(reader, writer)
    yield opened
    opened.close()


LINE, LINES = "A line of 32 characters in a log", 3000
"""So many are more than a journal or a pipe holds that nobody reads."""
LITTLE_S = 2.0
"""For so many lines, on a computer with other things to do."""


def write_lines(log: logging.Logger) -> float:
    """How many seconds it took."""
    began = time.monotonic()
    for _ in range(LINES):
        log.warning(LINE)
    return time.monotonic() - began


def journal(folder: Path, monkeypatch: pytest.MonkeyPatch, level: str = "INFO") -> FakeJournald:
    """From now on we log to it."""
    fake = FakeJournald(folder)
    monkeypatch.setattr("notetaker.host.logs.setup.in_journal", lambda: True)
    monkeypatch.setattr("logging_journald.JournaldTransport.SOCKET_PATH", fake.path)
    configure_logging(level)
    return fake


# Files and pipes


def test_lines_in_a_file_have_date_level_and_place(pipe: Stream) -> None:
    configure_logging("INFO", pipe.end)
    logging.getLogger("notetaker.service").info("Ready, in %d servers", 2, extra=events.READY())
    logging.getLogger("notetaker.service").debug("not this")
    line = pipe.read()
    assert line.startswith("20")
    assert line.endswith(" INFO    notetaker.service: Ready, in 2 servers\n")


def test_libraries_say_nothing_below_a_warning_even_at_debug(pipe: Stream) -> None:
    configure_logging("DEBUG", pipe.end)
    for name in ("discord.gateway", "aiohttp.client", "asyncio", "sqlalchemy.engine", "alembic", "whatever"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
        logging.getLogger(name).info("a payload")
    assert pipe.read() == ""
    logging.getLogger("discord.gateway").warning("trouble")
    logging.getLogger("notetaker.voice").debug("ours")
    trouble, ours = pipe.read().splitlines()
    assert trouble.endswith("discord.gateway: trouble")
    assert ours.endswith("notetaker.voice: ours")


def test_a_library_is_as_quiet_as_we_are_told_to_be(pipe: Stream) -> None:
    configure_logging("ERROR", pipe.end)
    logging.getLogger("discord").warning("trouble")
    logging.getLogger("notetaker.voice").warning("trouble")
    assert pipe.read() == ""


def test_a_frame_that_cannot_be_decrypted_yet_is_no_line_in_the_log(pipe: Stream) -> None:
    configure_logging("INFO", pipe.end)
    group = DaveGroup(1, 2)
    group.session_description(1)
    assert group.decrypt(3, bytes(40) + b"\x0c\xfa\xfa") is None
    assert pipe.read() == ""


def test_what_comes_from_the_network_forges_no_line_and_steers_no_terminal(pipe: Stream) -> None:
    configure_logging("INFO", pipe.end)
    evil = "a\n2026-11-22 14:30:05,000 INFO notetaker: forged \x1b[2J \r \u2028 \udc80"
    logging.getLogger("notetaker").warning("From Discord: %s", evil)
    line = pipe.read()
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    logging.getLogger("notetaker").error("A bug", exc_info=ValueError(evil))
    traceback = pipe.read()
    assert "\x1b" not in traceback
    assert "\n2026-11-22 14:30:05,000" not in traceback


def test_a_reader_that_has_stopped_holds_nobody_up_and_is_told_what_it_missed(pipe: Stream) -> None:
    configure_logging("INFO", pipe.end)
    log = logging.getLogger("notetaker")
    assert write_lines(log) < LITTLE_S
    lines = pipe.read().splitlines()
    assert 0 < len(lines) < LINES
    assert all(line.endswith(f"notetaker: {LINE}") for line in lines), "each is whole"
    log.warning("When it reads again")
    missed, line = pipe.read().splitlines()
    assert missed.endswith(f"{LINES - len(lines):,} lines of this log could not be written in time")
    assert line.endswith("notetaker: When it reads again")


def test_a_text_that_is_longer_than_there_is_room_for_holds_nobody_up(pipe: Stream) -> None:
    configure_logging("INFO", pipe.end)
    log = logging.getLogger("notetaker")
    log.error("A bug", exc_info=ValueError("x" * 500_000))
    assert len(pipe.read()) > 10_000
    log.warning("When it reads again")
    assert "1 line of this log could not be written in time" in pipe.read()


def test_the_token_in_an_address_of_an_interaction_is_left_out(pipe: Stream) -> None:
    configure_logging("INFO", pipe.end)
    answer = "https://discord.com/api/v10/webhooks/123/aW50-ZXJh_Y3Q=/messages/@original"
    callback = "https://discord.com/api/v10/interactions/123/aW50-ZXJh_Y3Q=/callback"
    logging.getLogger("notetaker").error("No way to %r", answer, exc_info=TimeoutError(callback))
    shown = pipe.read()
    assert "'https://discord.com/api/v10/webhooks/123/…/messages/@original'" in shown
    assert "TimeoutError: https://discord.com/api/v10/interactions/123/…/callback" in shown
    assert "aW50" not in shown


# Terminals


def test_lines_on_a_terminal_are_short_and_coloured(terminal: Stream) -> None:
    configure_logging("DEBUG", terminal.end)
    logging.getLogger("notetaker.voice").warning(
        "Voice ended in guild %d", 1, extra=events.VOICE_LOST(guild_id=1)
    )
    faint, warning, reset = "\x1b[2m", "\x1b[33m", "\x1b[0m"
    clock, rest = terminal.read().removeprefix(faint).split(reset, 1)
    assert len(clock) == len("14:30:05")
    assert rest == f" {warning}W{reset} Voice ended in guild 1\n"


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch, terminal: Stream) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    configure_logging("DEBUG", terminal.end)
    logging.getLogger("notetaker.voice").error("Broken")
    logging.getLogger("discord.http").warning("rate limited")
    assert [line[8:] for line in terminal.read().splitlines()] == [
        " E Broken",
        " W discord.http: rate limited",
    ]


def test_a_real_terminal_gets_colours_and_a_pipe_gets_none() -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "JOURNAL_STREAM")
    }
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", LOUD]
    subprocess.run(command, stderr=theirs, env=environment, check=True, timeout=60)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert shown.count("\x1b[33mW\x1b[0m") == 2
    assert "MESSAGE_ID" not in shown
    piped = subprocess.run(command, capture_output=True, env=environment, check=True, timeout=60)
    assert b"\x1b" not in piped.stderr
    assert piped.stderr.count(b"\n") == 3


# The journal


def test_an_event_is_an_entry_with_its_fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = journal(tmp_path, monkeypatch)
    extra = events.VOICE_LOST(guild_id=2**63, channel_id=5, voice_close_code=4006)
    logging.getLogger("notetaker.voice.guild").warning("Voice ended in guild %d", 2**63, extra=extra)
    [entry] = fake.read()
    assert entry.pop("CODE_FILE") == __file__
    assert int(entry.pop("CODE_LINE")) > 0
    assert entry == {
        "MESSAGE": "Voice ended in guild 9223372036854775808",
        "PRIORITY": "4",
        "SYSLOG_FACILITY": "3",
        "SYSLOG_IDENTIFIER": "notetaker",
        "LOGGER": "notetaker.voice.guild",
        "CODE_FUNC": "test_an_event_is_an_entry_with_its_fields",
        "MESSAGE_ID": events.VOICE_LOST.message_id,
        "GUILD_ID": "9223372036854775808",
        "CHANNEL_ID": "5",
        "VOICE_STATE": "connecting",
        "VOICE_CLOSE_CODE": "4006",
    }
    fake.close()


def test_nothing_else_that_comes_with_a_line_gets_into_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = journal(tmp_path, monkeypatch)
    log = logging.getLogger("notetaker.voice")
    log.warning("%.1s", "canary", extra={"token": "canary", "TRANSCRIPT": "canary", "GUILD_ID": 7})
    [entry] = fake.read()
    assert (entry["MESSAGE"], entry["GUILD_ID"]) == ("c", "7")
    assert not any(b"canary" in data for data in fake.raw)
    fake.close()


@pytest.mark.parametrize(
    ("level", "priority"), [("DEBUG", 7), ("INFO", 6), ("WARNING", 4), ("ERROR", 3), ("CRITICAL", 2)]
)
def test_priorities_are_those_of_syslog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str, priority: int
) -> None:
    fake = journal(tmp_path, monkeypatch, "DEBUG")
    logging.getLogger("notetaker").log(logging.getLevelNamesMapping()[level], "A line")
    [entry] = fake.read()
    assert entry["PRIORITY"] == str(priority)
    fake.close()


def test_a_traceback_is_in_the_message_however_long_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = journal(tmp_path, monkeypatch)
    bug = ValueError("x" * 500_000 + "\udc80\x1b")
    logging.getLogger("notetaker").error("A bug", exc_info=bug, extra=events.BUG())
    [entry] = fake.read()
    lines = entry["MESSAGE"].splitlines()
    assert lines[0] == "A bug"
    assert lines[1].startswith("  ValueError: xxx")
    assert lines[-1].endswith("xxx\\udc80\\x1b")
    assert entry["MESSAGE_ID"] == events.BUG.message_id
    fake.close()


def test_a_line_of_a_library_says_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = journal(tmp_path, monkeypatch)
    logging.getLogger("discord.http").warning("rate limited")
    [entry] = fake.read()
    assert entry["MESSAGE"] == "discord.http: rate limited"
    fake.close()


def test_a_line_that_the_journal_does_not_take_goes_to_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fake = journal(tmp_path, monkeypatch)
    log = logging.getLogger("notetaker")
    fake.close()
    log.warning("While the journal is away")
    assert capfd.readouterr().err == "While the journal is away\n"
    fake = FakeJournald(tmp_path)
    log.warning("When it is back")
    assert [entry["MESSAGE"] for entry in fake.read()] == ["When it is back"]
    fake.close()


def test_a_journal_that_is_stuck_holds_nobody_up_and_is_told_what_it_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fake = journal(tmp_path, monkeypatch)
    log = logging.getLogger("notetaker")
    took_s = write_lines(log)
    assert took_s < LITTLE_S
    kept = len(fake.read())
    assert 0 < kept < LINES
    log.warning("When it listens again")
    missed, line = fake.read()
    assert missed["MESSAGE"] == f"{LINES - kept:,} lines of this log could not be written in time"
    assert missed["PRIORITY"] == "4"
    assert line["MESSAGE"] == "When it listens again"
    assert capfd.readouterr().err == "", "the journal reads this, too"
    fake.close()


def test_a_journal_that_is_away_while_nobody_reads_standard_error_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipe: Stream
) -> None:
    monkeypatch.setattr(sys, "stderr", pipe.end)
    fake = journal(tmp_path, monkeypatch)
    log = logging.getLogger("notetaker")
    fake.close()
    assert write_lines(log) < LITTLE_S
    kept = pipe.read().count("\n")
    assert 0 < kept < LINES
    fake = FakeJournald(tmp_path)
    log.warning("When it is back")
    told = f"{LINES - kept:,} lines of this log could not be written in time"
    assert [entry["MESSAGE"] for entry in fake.read()] == [told, "When it is back"]
    fake.close()


def test_under_systemd_the_process_finds_the_journal_by_itself(tmp_path: Path) -> None:
    fake = FakeJournald(tmp_path)
    environment = {**os.environ, **fake.environment()}
    result = subprocess.run(
        [sys.executable, "-c", LOUD], env=environment, capture_output=True, check=True, timeout=60
    )
    assert result.stderr == b""
    assert [entry.get("VOICE_CLOSE_CODE") for entry in fake.read()] == [None, "4006", None]
    fake.close()


def test_a_failed_reconnect_of_pycord_is_one_line(pipe: Stream) -> None:
    configure_logging("INFO", pipe.end)
    error = ConnectionResetError("by peer")
    logging.getLogger("discord.shard").error("Attempting a reconnect in %.2fs", 1.04, exc_info=error)
    [line] = pipe.read().splitlines()
    assert line.endswith("discord.shard: Attempting a reconnect in 1.04s (ConnectionResetError)")
