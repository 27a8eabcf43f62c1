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

# py-cord writes gateway payloads (voice tokens) at DEBUG and gateway session ids at INFO; the others
# have nothing below WARNING that an operator needs. Whatever LOG_LEVEL says, they stay quiet.
QUIET = ("discord", "dave", "aiohttp", "asyncio", "alembic")


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
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
