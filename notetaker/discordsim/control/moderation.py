"""The control API: what people do to voice channels and to each other, as far as REST has no route for it.

What it has is used with a person's token: kicking, roles, permission overwrites, nicknames.

POST /sim/join            {guild_id, user_id, granted?}: join the guild; ``granted`` are a bot's permissions
POST /sim/dms             {user_id, accepts}: whether members of the same guild may write to a person
POST /sim/disconnect      {guild_id, user_id}
POST /sim/move            {guild_id, user_id, channel_id}
POST /sim/voice_state     {guild_id, user_id, mute?, deaf?}
POST /sim/channel         {guild_id, channel_id, user_limit?, rtc_region?}
POST /sim/channel/delete  {guild_id, channel_id}
"""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, Field

from notetaker.discordsim.control.body import Flag, Id, guild_of, read, user_of, voice_channel_of
from notetaker.discordsim.http import no_content
from notetaker.discordsim.hub import hub_of
from notetaker.discordsim.messages.command_usage import UsageError

routes = web.RouteTableDef()

NOT_IN_VOICE = "This user is in no voice channel of that guild."


class Member(BaseModel):
    guild_id: Id
    user_id: Id


class Joining(Member):
    granted: int = 0


class Privacy(BaseModel):
    user_id: Id
    accepts: Flag


class Move(Member):
    channel_id: Id


class VoiceState(Member):
    mute: Flag | None = None
    deaf: Flag | None = None


class VoiceChannel(BaseModel):
    guild_id: Id
    channel_id: Id


class ChangedChannel(VoiceChannel):
    user_limit: Annotated[int, Field(strict=True, ge=0, le=99)] = 0
    rtc_region: str | None = None


@routes.post("/sim/join")
async def join(request: web.Request) -> web.Response:
    hub, joining = hub_of(request), await read(request, Joining)
    guild, user = guild_of(hub, joining.guild_id), user_of(hub, joining.user_id)
    if user.id in guild.members:
        raise UsageError("This user is in that guild already.")
    hub.membership.add(guild, user, joining.granted)
    return no_content()


@routes.post("/sim/dms")
async def accept_dms(request: web.Request) -> web.Response:
    hub, privacy = hub_of(request), await read(request, Privacy)
    user_of(hub, privacy.user_id).accepts_dms = privacy.accepts
    return no_content()


@routes.post("/sim/disconnect")
async def disconnect(request: web.Request) -> web.Response:
    hub, member = hub_of(request), await read(request, Member)
    if not await hub.voice_states.disconnect(guild_of(hub, member.guild_id).id, member.user_id):
        raise UsageError(NOT_IN_VOICE)
    return no_content()


@routes.post("/sim/move")
async def move(request: web.Request) -> web.Response:
    hub, asked = hub_of(request), await read(request, Move)
    channel = voice_channel_of(hub, asked.guild_id, asked.channel_id)
    if not hub.voice_states.move(asked.guild_id, asked.user_id, channel.id):
        raise UsageError(NOT_IN_VOICE)
    return no_content()


@routes.post("/sim/voice_state")
async def moderate(request: web.Request) -> web.Response:
    hub, state = hub_of(request), await read(request, VoiceState)
    guild = guild_of(hub, state.guild_id)
    if not hub.voice_states.moderate(guild.id, state.user_id, state.mute, state.deaf):
        raise UsageError(NOT_IN_VOICE)
    return no_content()


@routes.post("/sim/channel")
async def change_channel(request: web.Request) -> web.Response:
    hub, asked = hub_of(request), await read(request, ChangedChannel)
    channel = voice_channel_of(hub, asked.guild_id, asked.channel_id)
    if "user_limit" in asked.model_fields_set:
        channel.user_limit = asked.user_limit
    region = asked.rtc_region if "rtc_region" in asked.model_fields_set else channel.rtc_region
    hub.voice_states.change_channel(channel, region=region)
    return no_content()


@routes.post("/sim/channel/delete")
async def delete_channel(request: web.Request) -> web.Response:
    hub, asked = hub_of(request), await read(request, VoiceChannel)
    await hub.voice_states.delete_channel(voice_channel_of(hub, asked.guild_id, asked.channel_id))
    return no_content()
