import io
import logging
from collections.abc import Iterator

import pytest

from notetaker.service import logs


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
