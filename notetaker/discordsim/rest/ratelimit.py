"""Rate limits as Discord announces them.

Source: Discord docs, Topics / Rate Limits. Discord does not publish its figures; these are what bots have seen, or
low enough for clients to reach them.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from aiohttp import web

from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.rest.request import caller_of


class Limit(NamedTuple):
    requests: int
    seconds: float


LIMITS = {
    ("POST", "/channels/{channel_id}/messages"): Limit(5, 5.0),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): Limit(5, 5.0),
    ("POST", "/webhooks/{application_id}/{token}"): Limit(5, 2.0),
    ("PATCH", "/webhooks/{application_id}/{token}/messages/{message_id}"): Limit(5, 2.0),
}
"""By method and route: sending and editing messages (rustplusplus#475), and those of one webhook (api-docs#367)."""
OTHERS = Limit(50, 1.0)
MAJOR = ("channel_id", "guild_id", "token")
"""Parameters of a route that have limits of their own."""


@dataclass
class Window:
    limit: Limit
    ends_at: float
    used: int = 0


class RateLimiter:
    """Limits in fixed windows. ``clock`` returns Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], Window] = {}

    def take(self, user: str, bucket: str, limit: Limit) -> tuple[dict[str, str], float | None]:
        """Count a request. Return headers for the response, and the seconds to wait if the limit is used up."""
        now = self._clock()
        window = self._windows.get((user, bucket))
        if window is None or now >= window.ends_at:
            window = self._windows[user, bucket] = Window(limit, now + limit.seconds)
        refused = window.used >= limit.requests
        window.used += not refused
        wait_s = window.ends_at - now
        headers = {
            "X-RateLimit-Limit": str(limit.requests),
            "X-RateLimit-Remaining": str(limit.requests - window.used),
            "X-RateLimit-Reset": f"{window.ends_at:.3f}",
            "X-RateLimit-Reset-After": f"{wait_s:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(bucket.encode()).hexdigest()[:32],
        }
        return headers, wait_s if refused else None


RATE_LIMITER = web.AppKey("rate_limiter", RateLimiter)


def of_route(request: web.Request, caller: str) -> dict[str, str]:
    """Count a request, and return the headers about the limit of its route. Raises DiscordError if it is used up."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else request.path
    major = " ".join(request.match_info[name] for name in MAJOR if name in request.match_info)
    limits = LIMITS.get((request.method, route.removeprefix("/api/v10")), OTHERS)
    return _take(request, caller, f"{request.method} {route} {major}", limits, code=0)


def limit_silently(request: web.Request, bucket: str, limits: Limit, *, code: int = 0) -> None:
    """Count a request for a limit that no header tells of. Raises DiscordError if it is used up."""
    _take(request, str(caller_of(request).id), bucket, limits, code=code)


def _take(request: web.Request, caller: str, bucket: str, limits: Limit, *, code: int) -> dict[str, str]:
    headers, wait_s = request.app[RATE_LIMITER].take(caller, bucket, limits)
    if wait_s is None:
        return headers
    error = DiscordError(429, code, "You are being rate limited.")
    error.body |= {"retry_after": round(wait_s, 3), "global": False}
    error.headers = headers | {
        "X-RateLimit-Scope": "user",
        "Retry-After": str(math.ceil(wait_s)),
        "Via": "1.1 local",
    }
    raise error
