"""Log lines in a stream. A reader that has stopped reading must not block the recording, so lines may be dropped."""

import logging
import os
import select
import time
from typing import TextIO

from notetaker.model.wording import count

PATIENCE_S, PATIENCE_SHARE = 0.1, 0.1
"""How long a busy reader may block the event loop at once, and for which share of the time overall. Meanwhile packets
wait in their sockets. A reader that has stopped blocks it once.
"""


class StreamHandler(logging.Handler):
    """Drops lines that the stream does not accept, and logs their number once it accepts lines again."""

    def __init__(self, stream: TextIO, most_patience_s: float = PATIENCE_S) -> None:
        super().__init__()
        self._stream = stream
        self._dropped = 0
        self._patience_s = self._most_patience_s = most_patience_s
        self._emitted_at = time.monotonic()

    @property
    def patience_s(self) -> float:
        """How long the current line may block."""
        return 0.0 if self._dropped else self._patience_s

    def emit(self, record: logging.LogRecord) -> None:
        began = time.monotonic()
        earned_s = (began - self._emitted_at) * PATIENCE_SHARE
        self._patience_s = min(self._patience_s + earned_s, self._most_patience_s)
        try:
            if self._dropped:
                self.write(_tally(self._dropped))
                self._dropped = 0
            self.write(record)
        except (BlockingIOError, TimeoutError):
            self._dropped += 1
        except Exception:  # noqa: BLE001 - like the handlers of the standard library
            self.handleError(record)
        self._emitted_at = time.monotonic()
        self._patience_s = max(self._patience_s - (self._emitted_at - began), 0.0)

    def write(self, record: logging.LogRecord) -> None:
        """Write a line. Raises BlockingIOError if the reader does not read; part of it may have been written."""
        descriptor = self._stream.fileno()
        room = select.poll()
        room.register(descriptor, select.POLLOUT)
        text = f"{self.format(record)}\n".encode()
        deadline = time.monotonic() + self.patience_s
        while text:
            if not room.poll(max(deadline - time.monotonic(), 0.0) * 1000):
                raise BlockingIOError
            # There is room for this much (pipe(7), PIPE_BUF); writing more might block.
            text = text[os.write(descriptor, text[: select.PIPE_BUF]) :]


def _tally(dropped: int) -> logging.LogRecord:
    text = f"{count(dropped, 'line')} of this log could not be written in time"
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (), None)
