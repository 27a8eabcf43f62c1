"""Rate limits as Discord announces them.

Source: Discord docs, Topics / Rate Limits. The real figures are not published; these are small enough to be met.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

MESSAGES = (5, 5.0)
"""Requests per seconds for sending messages to one channel, as seen on Discord for years."""
OTHERS = (50, 1.0)


@dataclass
class Window:
    limit: int
    seconds: float
    opened: float
    used: int = 0


class RateLimiter:
    """Fixed windows per route and major parameter. `clock` returns Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], Window] = {}

    def take(self, user: str, route: str, *, messages: bool) -> tuple[dict[str, str], float | None]:
        """The headers for the answer, and the seconds to wait if the limit is used up (else None)."""
        now = self._clock()
        limit, seconds = MESSAGES if messages else OTHERS
        window = self._windows.get((user, route))
        if window is None or now >= window.opened + window.seconds:
            window = self._windows[user, route] = Window(limit, seconds, now)
        refused = window.used >= window.limit
        window.used += not refused
        reset = window.opened + window.seconds
        headers = {
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(window.limit - window.used),
            "X-RateLimit-Reset": f"{reset:.3f}",
            "X-RateLimit-Reset-After": f"{reset - now:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(route.encode()).hexdigest()[:32],
        }
        if not refused:
            return headers, None
        headers |= {
            "X-RateLimit-Scope": "user",
            "Retry-After": str(math.ceil(reset - now)),
            "Via": "1.1 local",
        }
        return headers, reset - now
