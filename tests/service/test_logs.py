import io
import logging
from collections.abc import Iterator

import pytest

from notetaker.service import logs
from notetaker.wire.dave import DaveGroup


@pytest.fixture(autouse=True)
def restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    levels = {name: logging.getLogger(name).level for name in logs.QUIET}
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    for name, quiet in levels.items():
        logging.getLogger(name).setLevel(quiet)


def test_lines_on_a_terminal_are_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    stream = io.StringIO()
    logs.setup("INFO", stream)
    logging.getLogger("notetaker.service").info("Ready, in %d servers", 2)
    logging.getLogger("notetaker.service").debug("not this")
    assert stream.getvalue().endswith(" INFO    notetaker.service: Ready, in 2 servers\n")


def test_libraries_that_would_print_payloads_stay_quiet_even_at_debug(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    stream = io.StringIO()
    logs.setup("DEBUG", stream)
    for name in ("discord.gateway", "discord.http", "dave", "aiohttp.client"):
        logging.getLogger(name).info("a payload")
    assert stream.getvalue() == ""


def test_a_frame_that_cannot_be_decrypted_yet_is_no_line_in_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    stream = io.StringIO()
    logs.setup("INFO", stream)
    group = DaveGroup(1, 2)
    group.session_description(1)
    assert group.decrypt(3, bytes(40) + b"\x0c\xfa\xfa") is None
    assert stream.getvalue() == ""
