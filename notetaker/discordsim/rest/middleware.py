"""What Discord does around every REST request: authentication, rate limits, and errors as JSON."""

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.http import API, reply
from notetaker.discordsim.hub import hub_of
from notetaker.discordsim.rest.ratelimit import RateLimiter
from notetaker.discordsim.rest.request import caller_of

OPEN = re.compile(rf"{API}/(gateway$|interactions/|webhooks/)")
"""Paths that need no bot token: the gateway's address, and those that carry an interaction's own token."""
UNLIMITED = re.compile(rf"{API}/interactions/")
"""Paths without rate limits: interaction callbacks (docs, Receiving and Responding)."""

RATE_LIMITER = web.AppKey("rate_limiter", RateLimiter)


@web.middleware
async def rest(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request under ``/api/`` as Discord does, its refusals included."""
    if not request.path.startswith("/api/"):
        return await handler(request)
    headers: dict[str, str] = {}
    try:
        caller = (request.remote or "") if OPEN.match(request.path) else str(caller_of(request).id)
        if not UNLIMITED.match(request.path):
            headers = _limit(request, caller)
        response = await handler(request)
    except DiscordError as error:
        response = reply(error.body, error.status)
        headers |= error.headers
    except web.HTTPException as error:
        if error.status == 404:
            hub_of(request).events.publish("unknown_route", method=request.method, path=request.path)
        response = reply({"message": f"{error.status}: {error.reason}", "code": 0}, error.status)
    if not response.prepared:
        response.headers.update(headers)
    return response


def _limit(request: web.Request, caller: str) -> dict[str, str]:
    """Count a request, and return the headers about the limit. Raises DiscordError (429) if it is used up."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else request.path
    major = request.match_info.get("channel_id") or request.match_info.get("guild_id") or ""
    headers, wait_s = request.app[RATE_LIMITER].take(
        caller,
        f"{request.method} {route} {major}",
        sends_message=request.method == "POST" and route.endswith("/messages"),
    )
    if wait_s is not None:
        error = DiscordError(429, 0, "You are being rate limited.")
        error.body |= {"retry_after": round(wait_s, 3), "global": False}
        error.headers = headers
        raise error
    return headers
