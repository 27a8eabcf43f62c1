"""Log lines for whoever reads them. Nobody waits for the reader: one that has stopped must not stop the recording."""

import logging
import os
import select
import time
from typing import TextIO

from notetaker.model.wording import count

PATIENCE_S, PATIENCE_SHARE = 0.1, 0.1
"""So long at once, and for this share of the time in all, may a reader that is merely busy hold up the event loop;
sound waits in its sockets. One that has stopped does so once.
"""


class StreamHandler(logging.Handler):
    """Drops the lines that the stream does not take, and tells how many these were as soon as it takes any."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._dropped = 0
        self._patience_s, self._emitted_at = PATIENCE_S, time.monotonic()

    @property
    def patience_s(self) -> float:
        """So long may the line wait that is written now."""
        return 0.0 if self._dropped else self._patience_s

    def emit(self, record: logging.LogRecord) -> None:
        began = time.monotonic()
        earned_s = (began - self._emitted_at) * PATIENCE_SHARE
        self._patience_s = min(self._patience_s + earned_s, PATIENCE_S)
        try:
            if self._dropped:
                self.write(_tally(self._dropped))
                self._dropped = 0
            self.write(record)
        except (BlockingIOError, TimeoutError):
            self._dropped += 1
        except Exception:  # noqa: BLE001 - as every handler of the standard library: it is told on standard error
            self.handleError(record)
        self._emitted_at = time.monotonic()
        self._patience_s = max(self._patience_s - (self._emitted_at - began), 0.0)

    def write(self, record: logging.LogRecord) -> None:
        """Raises BlockingIOError when the reader does not read; then a part of a long text may have been written."""
        descriptor = self._stream.fileno()
        room = select.poll()
        room.register(descriptor, select.POLLOUT)
        text = f"{self.format(record)}\n".encode()
        deadline = time.monotonic() + self.patience_s
        while text:
            if not room.poll(max(deadline - time.monotonic(), 0.0) * 1000):
                raise BlockingIOError
            # So much there is room for, then (pipe(7) about PIPE_BUF); more could wait.
            text = text[os.write(descriptor, text[: select.PIPE_BUF]) :]


def _tally(dropped: int) -> logging.LogRecord:
    text = f"{count(dropped, 'line')} of this log could not be written in time"
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (), None)
