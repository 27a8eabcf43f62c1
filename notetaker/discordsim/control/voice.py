"""The control API: what moderators do to voice channels and to who is in them.

POST /sim/disconnect           {guild_id, user_id}
POST /sim/move                 {guild_id, user_id, channel_id}
POST /sim/voice_state          {guild_id, user_id, mute?, deaf?}
POST /sim/channel              {guild_id, channel_id, user_limit?, rtc_region?}
POST /sim/channel/delete       {guild_id, channel_id}
GET  /sim/voice/stats          what became of every sender's audio for every receiver: the fields of `sfu.Counts`
"""

from __future__ import annotations

from aiohttp import web

from notetaker.discordsim.control.body import (
    body_of,
    flag_of,
    guild_of,
    id_of,
    integer_of,
    voice_channel_of,
)
from notetaker.discordsim.hub import hub_of, no_content, reply
from notetaker.discordsim.messages.usage import UsageError

routes = web.RouteTableDef()

NOT_IN_VOICE = "This user is in no voice channel of that guild."


@routes.post("/sim/disconnect")
async def disconnect(request: web.Request) -> web.Response:
    hub, body = hub_of(request), await body_of(request)
    guild = guild_of(hub, body)
    if not await hub.voice_states.disconnect(guild.id, id_of(body, "user_id")):
        raise UsageError(NOT_IN_VOICE)
    return no_content()


@routes.post("/sim/move")
async def move(request: web.Request) -> web.Response:
    hub, body = hub_of(request), await body_of(request)
    channel = voice_channel_of(hub, body)
    if not hub.voice_states.move(channel.guild_id, id_of(body, "user_id"), channel.id):
        raise UsageError(NOT_IN_VOICE)
    return no_content()


@routes.post("/sim/voice_state")
async def moderate(request: web.Request) -> web.Response:
    hub, body = hub_of(request), await body_of(request)
    guild = guild_of(hub, body)
    mute, deaf = flag_of(body, "mute"), flag_of(body, "deaf")
    if not hub.voice_states.moderate(guild.id, id_of(body, "user_id"), mute, deaf):
        raise UsageError(NOT_IN_VOICE)
    return no_content()


@routes.post("/sim/channel")
async def change_channel(request: web.Request) -> web.Response:
    hub, body = hub_of(request), await body_of(request)
    channel = voice_channel_of(hub, body)
    if "user_limit" in body:
        channel.user_limit = integer_of(body, "user_limit", lowest=0, highest=99)
    region = body.get("rtc_region", channel.rtc_region)
    if region is not None and not isinstance(region, str):
        raise UsageError("The field rtc_region must be the name of a region, or null.")
    hub.voice_states.change_channel(channel, region=region)
    return no_content()


@routes.post("/sim/channel/delete")
async def delete_channel(request: web.Request) -> web.Response:
    hub, body = hub_of(request), await body_of(request)
    await hub.voice_states.delete_channel(voice_channel_of(hub, body))
    return no_content()


@routes.get("/sim/voice/stats")
async def voice_stats(request: web.Request) -> web.Response:
    return reply(list(hub_of(request).voice.stats()))
