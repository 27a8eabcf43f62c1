"""The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): log lines with fields to look for."""

import logging
import sys
from typing import TextIO

from logging_journald import Facility, JournaldTransport  # type: ignore[import-untyped]

from notetaker.model import events

SEND_TIMEOUT_S = 0.2
"""So long may a journal that is stuck hold up the event loop, for one line."""

PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
"""Those of syslog(3). Not the ones of ``logging_journald``: its CRITICAL is an emergency, told to every terminal."""


class JournaldHandler(logging.StreamHandler[TextIO]):
    """Sends a record's message, where it is from, and of its extras the fields of ``model.events``; nothing else.

    A line that the journal does not take goes to standard error, which the journal reads as well.
    """

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        # Without a connection, like libsystemd: it goes on when the socket is replaced.
        self._transport = JournaldTransport(connected=False)
        self._transport.socket.settimeout(SEND_TIMEOUT_S)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._transport.send(_fields(record, self.format(record)).items())
        except Exception:  # noqa: BLE001 - nothing is lost: it is written there, or reported as malformed
            super().emit(record)

    def close(self) -> None:
        self._transport.socket.close()
        super().close()


def _fields(record: logging.LogRecord, message: str) -> dict[str, str | int]:
    fields: dict[str, str | int] = {
        "MESSAGE": message,
        "PRIORITY": PRIORITIES.get(record.levelno, PRIORITIES[logging.INFO]),
        "SYSLOG_FACILITY": int(Facility.DAEMON),
        "SYSLOG_IDENTIFIER": "notetaker",
        "LOGGER": record.name,
        "CODE_FILE": record.pathname,
        "CODE_LINE": record.lineno,
        "CODE_FUNC": record.funcName or "",
    }
    extras = record.__dict__
    return fields | {name: extras[name] for name in (events.MESSAGE_ID, *events.FIELDS) if name in extras}
