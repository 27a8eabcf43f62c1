"""Discord is down: nothing but the control API answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from notetaker.discordsim import tcp
from notetaker.discordsim.hub import hub_of

GATEWAY = "/gateway"


@web.middleware
async def outage(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """REST requests get status 503, and connections to the main gateway a TCP reset."""
    if request.path.startswith("/sim/") or not hub_of(request).faults.outage:
        return await handler(request)
    if request.path.startswith(GATEWAY):
        tcp.reset(request)
    return web.Response(status=503, text="no healthy upstream")
