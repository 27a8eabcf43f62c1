"""Logging: readable lines on a terminal, native fields in the journal when systemd reads our output."""

import logging
import sys
from typing import TextIO

from logging_journald import (  # type: ignore[import-untyped]
    Facility,
    JournaldLogHandler,
    check_journal_stream,
)

TERMINAL_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

# Whatever LOG_LEVEL says. py-cord writes gateway payloads (voice tokens) at DEBUG and gateway session ids at INFO;
# dave writes several ERROR lines for every frame that it cannot decrypt yet, which we count instead; the others
# have nothing below WARNING that an operator needs.
QUIET = {
    "discord": logging.WARNING,
    "dave": logging.CRITICAL,
    "aiohttp": logging.WARNING,
    "asyncio": logging.WARNING,
    "alembic": logging.WARNING,
}


def setup(level: str, stream: TextIO = sys.stderr) -> None:
    """Sends this process's log to the systemd journal if that listens on standard error, else to ``stream``."""
    handler: logging.Handler
    if check_journal_stream():
        handler = JournaldLogHandler(identifier="notetaker", facility=Facility.DAEMON, use_message_id=False)
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    else:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter(TERMINAL_FORMAT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)
