"""Configure logging: native fields in the journal if systemd reads our output, otherwise readable lines."""

import logging
import os
import re
import sys
from types import TracebackType
from typing import TextIO, TypeAlias

from logging_journald import check_journal_stream as in_journal  # type: ignore[import-untyped]

from notetaker.host.logs.journald import JournaldHandler
from notetaker.host.logs.stream import StreamHandler
from notetaker.model.printable import printable

__all__ = ["configure_logging", "in_journal"]

OURS = "notetaker"

FILE_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
TERMINAL_FORMAT = "%(faint)s%(asctime)s%(reset)s %(colour)s%(letter)s%(reset)s %(origin)s%(message)s"
JOURNAL_FORMAT = "%(origin)s%(message)s"

INTERACTION_TOKEN = re.compile(r"(/(?:interactions|webhooks)/\d+/)[^/?\s'\"]+")
"""Part of a URL, and errors of aiohttp contain URLs."""

RESET, FAINT = "\x1b[0m", "\x1b[2m"
COLOURS = {"D": FAINT, "I": "", "W": "\x1b[33m", "E": "\x1b[31m", "C": "\x1b[1;31m"}

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure_logging(level: str, stream: TextIO = sys.stderr) -> None:
    """Log to the systemd journal if it is connected to standard error, otherwise to ``stream``.

    ``level`` applies to notetaker. For libraries it is WARNING: below that, py-cord logs gateway payloads, with voice
    tokens and session ids, and SQLAlchemy logs transcripts.
    """
    handler: logging.Handler
    if in_journal():
        handler = JournaldHandler()
        handler.setFormatter(_Formatter(JOURNAL_FORMAT))
    else:
        handler = StreamHandler(stream)
        handler.setFormatter(_TerminalFormatter() if stream.isatty() else _Formatter(FILE_FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    handler.setLevel(level)
    logging.getLogger(OURS).setLevel(level)
    # It logs several errors for every frame that it cannot decrypt yet; we count these.
    logging.getLogger("dave").setLevel(logging.CRITICAL)
    # It logs a traceback for every failed attempt to reconnect: fifteen a minute while Discord is down.
    logging.getLogger("discord.shard").addFilter(_name_the_error)


def _name_the_error(record: logging.LogRecord) -> bool:
    """Replace the traceback by the type of the error."""
    if record.exc_info and record.exc_info[0] is not None:
        record.msg, record.args = f"{record.getMessage()} ({record.exc_info[0].__name__})", ()
        record.exc_info = record.exc_text = None
    return True


class _Formatter(logging.Formatter):
    """Formats lines so that text from the network cannot forge lines or control a terminal, and without secrets.

    ``origin`` is the logger's name, for libraries only.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = _loggable(record.message)
        record.origin = "" if record.name.split(".")[0] == OURS else f"{record.name}: "
        return super().formatMessage(record)

    def formatException(self, ei: ExcInfo) -> str:
        return "\n".join("  " + _loggable(line) for line in super().formatException(ei).split("\n"))


class _TerminalFormatter(_Formatter):
    """``14:30:05 W Voice ended in guild 41771983423143937: ...``, in colour unless NO_COLOR (no-color.org) is set."""

    def __init__(self) -> None:
        super().__init__(TERMINAL_FORMAT, "%H:%M:%S")
        self._coloured = not os.environ.get("NO_COLOR")

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.letter = record.levelname[0]
        colour = COLOURS.get(record.levelname[0], "")
        record.faint, record.colour, record.reset = (FAINT, colour, RESET) if self._coloured else ("", "", "")
        return super().formatMessage(record)


def _loggable(text: str) -> str:
    return printable(INTERACTION_TOKEN.sub(r"\1…", text))
