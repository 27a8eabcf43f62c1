"""What the control API does around every request: errors as sentences, and the outage of everything else."""

from aiohttp import web
from aiohttp.typedefs import Handler

from notetaker.discordsim import tcp
from notetaker.discordsim.http import reply
from notetaker.discordsim.hub import hub_of
from notetaker.discordsim.messages.command_usage import UsageError


@web.middleware
async def usage_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer an invalid request with status 400 and {"error": SENTENCE}."""
    try:
        return await handler(request)
    except UsageError as error:
        return reply({"error": str(error)}, 400)


@web.middleware
async def outage(request: web.Request, handler: Handler) -> web.StreamResponse:
    """During an outage, answer REST with status 503, and reset connections to the main gateway."""
    if request.path.startswith("/sim/") or not hub_of(request).faults.outage:
        return await handler(request)
    if request.path.startswith("/gateway"):
        tcp.reset(request)
    return web.Response(status=503, text="no healthy upstream")
