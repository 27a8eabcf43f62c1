"""Rate limits as Discord announces them.

Source: Discord docs, Topics / Rate Limits. Discord does not publish its figures; these are low enough for clients to
reach them.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

MESSAGES = (5, 5.0)
"""Requests and seconds, for sending messages to one channel, as seen on Discord for years."""
OTHERS = (50, 1.0)
"""Requests and seconds, for everything else."""


@dataclass
class Window:
    limit: int
    ends_at: float
    used: int = 0


class RateLimiter:
    """Limits per user, route and major parameter, in fixed windows. ``clock`` returns Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], Window] = {}

    def take(self, user: str, route: str, *, sends_message: bool) -> tuple[dict[str, str], float | None]:
        """Count a request. Return headers for the response, and the seconds to wait if the limit is used up."""
        now = self._clock()
        limit, window_s = MESSAGES if sends_message else OTHERS
        window = self._windows.get((user, route))
        if window is None or now >= window.ends_at:
            window = self._windows[user, route] = Window(limit, now + window_s)
        refused = window.used >= window.limit
        window.used += not refused
        wait_s = window.ends_at - now
        headers = {
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(window.limit - window.used),
            "X-RateLimit-Reset": f"{window.ends_at:.3f}",
            "X-RateLimit-Reset-After": f"{wait_s:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(route.encode()).hexdigest()[:32],
        }
        if not refused:
            return headers, None
        headers |= {
            "X-RateLimit-Scope": "user",
            "Retry-After": str(math.ceil(wait_s)),
            "Via": "1.1 local",
        }
        return headers, wait_s
