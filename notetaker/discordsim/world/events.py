"""What happened, for the demo's screen and the tests."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable

Event = dict[str, object]

log = logging.getLogger(__name__)

MAX_KEPT = 10_000
"""Events that a late watcher can still read."""


class EventLog:
    """A numbered list of events that any number of watchers can follow.

    Every event has ``seq`` (from 1), ``time`` (Unix seconds) and ``event`` (its name).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._events: deque[Event] = deque(maxlen=MAX_KEPT)
        self._seq = 0
        self._closed = False
        self._changed = asyncio.Event()

    def publish(self, event: str, **fields: object) -> None:
        self._seq += 1
        self._events.append({"seq": self._seq, "time": self._clock(), "event": event, **fields})
        log.debug("event %s", event)
        self._wake()

    def close(self) -> None:
        """End every watcher after the last event."""
        self._closed = True
        self._wake()

    def since(self, seq: int) -> list[Event]:
        return [event for event in self._events if int(str(event["seq"])) > seq]

    async def watch(self, seq: int = 0) -> AsyncIterator[Event]:
        """Yield all events after number ``seq``, then each as it comes, until the log is closed."""
        while True:
            changed = self._changed
            for event in self.since(seq):
                seq = int(str(event["seq"]))
                yield event
            if self._closed and not self.since(seq):
                return
            await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
