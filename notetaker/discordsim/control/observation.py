"""The control API: what exists, and what happens.

GET /sim/world           names, ids and tokens
GET /sim/events?since=N  every event after number N, one JSON object a line, without end
GET /sim/voice/stats     what became of each sender's audio for each receiver: the fields of ``sfu.Counts``
"""

import json

from aiohttp import web

from notetaker.discordsim.http import reply
from notetaker.discordsim.hub import Hub, hub_of
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Json

routes = web.RouteTableDef()


@routes.get("/sim/world")
async def get_world(request: web.Request) -> web.Response:
    return reply(describe(hub_of(request)))


def describe(hub: Hub) -> Json:
    """Return everything that a client needs to take part. Ids are strings; tokens are included."""
    world = hub.world
    return {
        "users": [
            {"id": str(user.id), "name": user.display_name, "bot": user.bot, "token": user.token}
            for user in world.users.values()
        ],
        "guilds": [
            {
                "id": str(guild.id),
                "name": guild.name,
                "owner_id": str(guild.owner_id),
                "member_ids": [str(i) for i in guild.members],
                "channels": [
                    {"id": str(c.id), "name": c.name, "type": c.type.name.lower(), "user_limit": c.user_limit}
                    for c in guild.channels.values()
                ],
                "voice_states": [payloads.voice_state(world, state) for state in guild.voice_states.values()],
            }
            for guild in world.guilds.values()
        ],
        "commands": [
            payloads.command(command)
            for application in world.applications.values()
            for command in application.commands.values()
        ],
    }


@routes.get("/sim/events")
async def stream_events(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    try:
        async for event in hub_of(request).events.watch(int(request.query.get("since", "0"))):
            await response.write(json.dumps(event).encode() + b"\n")
        await response.write_eof()
    except ConnectionError:
        pass  # the client closes the connection to stop watching
    return response


@routes.get("/sim/voice/stats")
async def voice_stats(request: web.Request) -> web.Response:
    return reply(list(hub_of(request).voice.stats()))
