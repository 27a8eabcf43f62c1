"""The control API under /sim/: what a person at a keyboard, or a test, does to this Discord and sees of it.

GET  /sim/world                names, ids and tokens
GET  /sim/events?since=N       every event after number N, one JSON object a line, without end
POST /sim/interactions         {user_id, guild_id, channel_id, command, options?, wait?}; options may also be typed
                               in the command, as in "startnotes language:German"
                               or {user_id, channel_id, message_id, custom_id, values?, wait?} for a component
POST /sim/autocomplete         {user_id, channel_id, command, options?, focused}: what a person who is typing the
                               option `focused` is offered
GET  /sim/interactions/{id}    the answers so far

`control_voice` is what moderators do, `control_faults` what goes wrong.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from notetaker.discordsim.control.body import body_of, channel_of, id_of
from notetaker.discordsim.hub import Hub, hub_of, reply
from notetaker.discordsim.messages.interactions import Interaction, Kind
from notetaker.discordsim.messages.usage import UsageError, command_data
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Channel, Guild, Json

routes = web.RouteTableDef()

WAIT_S = 15.0
"""How long to wait for the end of a deferred answer unless told otherwise."""


@web.middleware
async def refusals(request: web.Request, handler: Any) -> web.StreamResponse:
    """What cannot be done is answered in one sentence: {"error": ...}."""
    try:
        response = await handler(request)
    except UsageError as error:
        return reply({"error": str(error)}, 400)
    assert isinstance(response, web.StreamResponse)
    return response


@routes.get("/sim/world")
async def get_world(request: web.Request) -> web.Response:
    return reply(describe(hub_of(request)))


def describe(hub: Hub) -> Json:
    """Everything one needs to take part: ids are strings, tokens included."""
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
        pass  # the watcher went away, which is how watching ends
    return response


@routes.post("/sim/interactions")
async def use(request: web.Request) -> web.Response:
    """Answers when the application has answered for good, has failed to, or `wait` seconds are over."""
    hub, body = hub_of(request), await body_of(request)
    user_id, guild, channel = _place(hub, body)
    if "message_id" in body:
        source = channel.messages.get(id_of(body, "message_id"))
        if source is None or source.application_id is None:
            raise UsageError("There is no such message of an application in that channel.")
        data = {"custom_id": body["custom_id"], "component_type": 2, "values": body.get("values", [])}
        interaction = await hub.interactions.start(
            Kind.COMPONENT, source.application_id, user_id, channel, data, source
        )
    else:
        command, data = command_data(
            hub.world, guild, user_id, str(body.get("command")), body.get("options") or {}
        )
        interaction = await hub.interactions.start(
            Kind.COMMAND, command.application_id, user_id, channel, data
        )
    if not interaction.failed:
        await interaction.until(lambda: not interaction.loading, float(body.get("wait", WAIT_S)))
    return reply(_shown(hub, interaction))


@routes.post("/sim/autocomplete")
async def complete(request: web.Request) -> web.Response:
    """Answers when the application has, or has failed to."""
    hub, body = hub_of(request), await body_of(request)
    user_id, guild, channel = _place(hub, body)
    command, data = command_data(
        hub.world,
        guild,
        user_id,
        str(body.get("command")),
        body.get("options") or {},
        str(body.get("focused")),
    )
    interaction = await hub.interactions.start(
        Kind.AUTOCOMPLETE, command.application_id, user_id, channel, data
    )
    return reply(_shown(hub, interaction))


def _place(hub: Hub, body: Json) -> tuple[int, Guild, Channel]:
    """Who does something, and where."""
    user_id = id_of(body, "user_id")
    channel = channel_of(hub, body)
    guild = hub.world.guilds[channel.guild_id]
    if user_id not in guild.members or not hub.world.permissions(user_id, channel):
        raise UsageError("This user does not see that channel.")
    return user_id, guild, channel


@routes.get("/sim/interactions/{interaction_id}")
async def get_answers(request: web.Request) -> web.Response:
    hub = hub_of(request)
    interaction = hub.interactions.get(int(request.match_info["interaction_id"]))
    if interaction is None:
        raise UsageError("There is no such interaction.")
    return reply(_shown(hub, interaction))


def _shown(hub: Hub, interaction: Interaction) -> Json:
    """What the person sees: `status` is answered, thinking or failed."""
    status = "failed" if interaction.failed else "thinking" if interaction.loading else "answered"
    shown: Json = {
        "id": str(interaction.id),
        "status": status,
        "messages": [payloads.message(hub.world, message) for message in interaction.messages],
    }
    if interaction.choices is not None:
        shown["choices"] = interaction.choices
    if interaction.failed:
        shown["error"] = interaction.failure
    return shown
