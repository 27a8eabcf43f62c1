"""Log lines for whoever reads them. Nobody waits for the reader: one that has stopped must not stop the recording."""

import logging
import os
import select
from typing import TextIO

from notetaker.notes.wording import count

PATIENCE_S = 0.1
"""So long may a reader that is merely busy hold up the event loop; sound waits in its sockets. One that has stopped
does so once.
"""


class StreamHandler(logging.Handler):
    """Drops the lines that the stream does not take, and tells how many these were as soon as it takes any."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._dropped = 0

    @property
    def patience_s(self) -> float:
        return 0.0 if self._dropped else PATIENCE_S

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._dropped:
                self.write(_tally(self._dropped))
                self._dropped = 0
            self.write(record)
        except (BlockingIOError, TimeoutError):
            self._dropped += 1
        except Exception:  # noqa: BLE001 - as every handler of the standard library: it is told on standard error
            self.handleError(record)

    def write(self, record: logging.LogRecord) -> None:
        """Raises BlockingIOError when the reader does not read; then a part of a long text may have been written."""
        descriptor = self._stream.fileno()
        room = select.poll()
        room.register(descriptor, select.POLLOUT)
        text = f"{self.format(record)}\n".encode()
        while text:
            if not room.poll(self.patience_s * 1000):
                raise BlockingIOError
            # So much there is room for, then (pipe(7) about PIPE_BUF); more could wait.
            text = text[os.write(descriptor, text[: select.PIPE_BUF]) :]


def _tally(dropped: int) -> logging.LogRecord:
    text = f"{count(dropped, 'line')} of this log could not be written in time"
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (), None)
