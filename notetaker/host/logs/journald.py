"""The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): log lines with fields to look for."""

import logging
import sys
from collections.abc import Mapping
from typing import Any

from logging_journald import Facility, JournaldTransport  # type: ignore[import-untyped]

from notetaker.host.logs.stream import StreamHandler
from notetaker.model import events

TELL_S = 0.2
"""So long ``tell`` waits for a journal that is busy."""

PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
"""Those of syslog(3). Not the ones of ``logging_journald``: its CRITICAL is an emergency, told to every terminal."""


class JournaldHandler(StreamHandler):
    """Sends a record's message, where it is from, and of its extras the fields of ``model.events``; nothing else.

    While there is no journal, lines go to standard error. Those that a busy journal does not take are lost:
    it reads standard error as well.
    """

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        # Without a connection, like libsystemd's: it goes on when the socket is replaced.
        self._transport = JournaldTransport(connected=False)

    def write(self, record: logging.LogRecord) -> None:
        fields = _fields(self.format(record), record.levelno, record.__dict__)
        self._transport.socket.settimeout(self.patience_s)
        try:
            self._transport.send((fields | _place(record)).items())
        except (BlockingIOError, TimeoutError):
            raise
        except OSError:
            super().write(record)

    def close(self) -> None:
        self._transport.socket.close()
        super().close()


def tell(message: str, level: int, extra: Mapping[str, str | int]) -> None:
    """Sends one entry without the help of ``logging``, whose locks a process that is stuck may hold.

    Raises OSError.
    """
    transport = JournaldTransport(connected=False)
    transport.socket.settimeout(TELL_S)
    try:
        transport.send(_fields(message, level, extra).items())
    finally:
        transport.socket.close()


def _fields(message: str, level: int, extra: Mapping[str, Any]) -> dict[str, str | int]:
    fields: dict[str, str | int] = {
        "MESSAGE": message,
        "PRIORITY": PRIORITIES.get(level, PRIORITIES[logging.INFO]),
        "SYSLOG_FACILITY": int(Facility.DAEMON),
        "SYSLOG_IDENTIFIER": "notetaker",
    }
    return fields | {name: extra[name] for name in (events.MESSAGE_ID, *events.FIELDS) if name in extra}


def _place(record: logging.LogRecord) -> dict[str, str | int]:
    return {
        "LOGGER": record.name,
        "CODE_FILE": record.pathname,
        "CODE_LINE": record.lineno,
        "CODE_FUNC": record.funcName or "",
    }
