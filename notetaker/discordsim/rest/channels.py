"""REST: channels. Threads have a file of their own.

Source: Discord docs, Resources / Channel.
"""

from aiohttp import web

from notetaker.discordsim import errors
from notetaker.discordsim.http import API, body_of, no_content, reply
from notetaker.discordsim.hub import hub_of
from notetaker.discordsim.rest import threads
from notetaker.discordsim.rest.ratelimit import Limit, limit_silently
from notetaker.discordsim.rest.request import caller_of, channel_of, require, text_field
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Channel, ChannelType
from notetaker.discordsim.world.permissions import Permission

routes = web.RouteTableDef()

RENAMES = Limit(2, 600.0)
"""Changes of a channel's name or topic, threads included (api-docs#1900)."""
MAX_STATUS = 500


@routes.get(API + "/channels/{channel_id}")
async def get_channel(request: web.Request) -> web.Response:
    channel, caller = channel_of(request), caller_of(request)
    if channel.type is ChannelType.DM:
        return reply(payloads.dm(hub_of(request).world, channel, caller.id))
    return reply(payloads.thread(channel, caller.id) if channel.is_thread else payloads.channel(channel))


@routes.patch(API + "/channels/{channel_id}")
async def edit_channel(request: web.Request) -> web.Response:
    channel = channel_of(request)
    hub, caller = hub_of(request), caller_of(request)
    body = await body_of(request)
    if channel.is_thread:
        if "name" in body:
            limit_silently(request, f"rename {channel.id}", RENAMES)
        threads.edit(hub, caller, channel, body)
        return reply(payloads.thread(channel, caller.id))
    _require_manager(request, channel)
    if not isinstance(body.get("rtc_region"), str | None):
        raise errors.invalid_form(("rtc_region", "STRING_TYPE_CONVERT", "Value must be a string."))
    if {"name", "topic"} & body.keys():
        limit_silently(request, f"rename {channel.id}", RENAMES)
    if "name" in body:
        channel.name = text_field(body, "name", 100)
    if "topic" in body:
        channel.topic = body["topic"]
    if "user_limit" in body:
        channel.user_limit = int(body["user_limit"] or 0)
    if "parent_id" in body:
        channel.parent_id = None if body["parent_id"] is None else int(body["parent_id"])
    hub.voice_states.change_channel(channel, region=body.get("rtc_region", channel.rtc_region))
    return reply(payloads.channel(channel))


@routes.put(API + "/channels/{channel_id}/voice-status")
async def set_status(request: web.Request) -> web.Response:
    """Set the status of a voice channel, which those who are not in it may only do if they manage it."""
    channel = channel_of(request, Permission.SET_VOICE_CHANNEL_STATUS)
    hub, caller = hub_of(request), caller_of(request)
    if channel.type is not ChannelType.VOICE:
        raise errors.wrong_channel_type()
    state = hub.world.guild_of(channel).voice_states.get(caller.id)
    if state is None or state.channel_id != channel.id:
        _require_manager(request, channel)
    status = (await body_of(request)).get("status")
    if len(status or "") > MAX_STATUS:
        raise errors.invalid_form(errors.too_long("status", MAX_STATUS))
    channel.status = status or None
    hub.broadcast.voice_channel_status(channel)
    return no_content()


@routes.delete(API + "/channels/{channel_id}")
async def delete_channel(request: web.Request) -> web.Response:
    channel = channel_of(request)
    hub = hub_of(request)
    if channel.type is ChannelType.DM:  # closed on the screen only: it is the same when it is opened again
        return reply(payloads.dm(hub.world, channel, caller_of(request).id))
    if channel.is_thread:
        require(hub.world.permissions(caller_of(request).id, channel), Permission.MANAGE_THREADS)
        hub.threads.delete(channel)
        return reply(payloads.channel(channel))
    _require_manager(request, channel)
    await hub.voice_states.delete_channel(channel)
    return reply(payloads.channel(channel))


def _require_manager(request: web.Request, channel: Channel) -> None:
    require(hub_of(request).world.permissions(caller_of(request).id, channel), Permission.MANAGE_CHANNELS)
