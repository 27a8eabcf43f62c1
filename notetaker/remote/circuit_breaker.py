"""Leaves a server alone that keeps failing, and tries it again later with a single request."""

import threading
from collections.abc import Callable
from typing import Final

FAILURES: Final = 5
"""Failures in a row after which requests are held back."""
FIRST_PAUSE_S: Final = 5.0
"""Seconds for which requests are held back at first. They double each time that the single request fails."""
LONGEST_PAUSE_S: Final = 300.0
"""Longest time in seconds for which requests are held back."""


class CircuitBreaker:
    """Decides whether a request may be sent. Thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` returns monotonic seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._pause_s = 0.0  # 0: requests are let through
        self._until = 0.0
        self._probing = False

    def held_back_s(self) -> float:
        """Return the seconds for which requests are still held back.

        After 0 the caller must send a request and call ``succeeded`` or ``failed``.
        """
        with self._lock:
            if not self._pause_s:
                return 0.0
            remaining_s = self._until - self._clock()
            if remaining_s > 0:
                return remaining_s
            if self._probing:
                return self._pause_s
            self._probing = True
            return 0.0

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0
            self._pause_s = 0.0
            self._probing = False

    def failed(self) -> None:
        with self._lock:
            if self._pause_s and not self._probing:
                return  # sent before requests were held back, which is due to the same failure
            self._failures += 1
            if self._probing or self._failures >= FAILURES:
                self._hold_back(min(2 * self._pause_s or FIRST_PAUSE_S, LONGEST_PAUSE_S))

    def hold_back(self, seconds: float) -> None:
        """Hold requests back for as long as the server has asked."""
        with self._lock:
            self._hold_back(min(seconds, LONGEST_PAUSE_S))

    def _hold_back(self, seconds: float) -> None:
        self._pause_s = seconds
        self._until = self._clock() + seconds
        self._probing = False
