"""What Discord does around every REST request: authentication, rate limits, and errors as JSON."""

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.http import API, reply
from notetaker.discordsim.hub import hub_of
from notetaker.discordsim.rest.ratelimit import of_route
from notetaker.discordsim.rest.request import caller_of

OPEN = re.compile(rf"{API}/(gateway$|interactions/|webhooks/)")
"""Paths that need no bot token: the gateway's address, and those that carry an interaction's own token."""
UNLIMITED = re.compile(rf"{API}/interactions/")
"""Paths without rate limits: interaction callbacks (docs, Receiving and Responding)."""


@web.middleware
async def rest(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request under ``/api/`` as Discord does, its refusals included."""
    if not request.path.startswith("/api/"):
        return await handler(request)
    headers: dict[str, str] = {}
    try:
        caller = (request.remote or "") if OPEN.match(request.path) else str(caller_of(request).id)
        if not UNLIMITED.match(request.path):
            headers = of_route(request, caller)
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
