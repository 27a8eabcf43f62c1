"""Logging to systemd's journal in its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), with fields."""

import logging
import sys
from collections.abc import Mapping
from typing import Any

from logging_journald import Facility, JournaldTransport  # type: ignore[import-untyped]

from notetaker.host.logs.stream import StreamHandler
from notetaker.model import events

SEND_S = 0.2
"""How long ``send`` waits for a busy journal."""

PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
"""Priorities of syslog(3). In ``logging_journald`` CRITICAL is an emergency, which is shown on every terminal."""


class JournaldHandler(StreamHandler):
    """Sends the message, its origin, and the fields of ``model.events`` in ``extra``; nothing else.

    Without a journal, lines go to standard error. Lines that a busy journal does not accept are dropped, because it
    reads standard error as well.
    """

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        # Connectionless, like libsystemd's, so that it still works after the socket was replaced.
        self._transport = JournaldTransport(connected=False)

    def write(self, record: logging.LogRecord) -> None:
        fields = _fields(self.format(record), record.levelno, record.__dict__)
        self._transport.socket.settimeout(self.patience_s)
        try:
            self._transport.send((fields | _origin(record)).items())
        except (BlockingIOError, TimeoutError):
            raise
        except OSError:
            super().write(record)

    def close(self) -> None:
        self._transport.socket.close()
        super().close()


def send(message: str, level: int, extra: Mapping[str, str | int]) -> None:
    """Send an entry without ``logging``, whose locks a hung process may hold. May raise OSError."""
    transport = JournaldTransport(connected=False)
    transport.socket.settimeout(SEND_S)
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


def _origin(record: logging.LogRecord) -> dict[str, str | int]:
    return {
        "LOGGER": record.name,
        "CODE_FILE": record.pathname,
        "CODE_LINE": record.lineno,
        "CODE_FUNC": record.funcName or "",
    }
