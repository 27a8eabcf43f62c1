"""REST: channels and threads.

Source: Discord docs, Resources / Channel.
"""

from aiohttp import web

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.http import API, body_of, no_content, reply
from notetaker.discordsim.hub import Hub, hub_of
from notetaker.discordsim.rest.request import (
    caller_of,
    channel_of,
    message_of,
    require,
    snowflake,
    text_field,
)
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import (
    Channel,
    ChannelType,
    Json,
    Message,
    MessageFlag,
    MessageType,
)
from notetaker.discordsim.world.permissions import Permission

routes = web.RouteTableDef()

ARCHIVE_MINUTES = (60, 1440, 4320, 10080)


@routes.get(API + "/channels/{channel_id}")
async def get_channel(request: web.Request) -> web.Response:
    channel = channel_of(request)
    if channel.type is ChannelType.DM:
        return reply(payloads.dm(hub_of(request).world, channel, caller_of(request).id))
    return reply(payloads.channel(channel))


@routes.patch(API + "/channels/{channel_id}")
async def edit_channel(request: web.Request) -> web.Response:
    channel = channel_of(request)
    hub, caller = hub_of(request), caller_of(request)
    bits = hub.world.permissions(caller.id, channel)
    owns = channel.thread is not None and channel.thread.owner_id == caller.id
    needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
    if not owns:
        require(bits, needed)
    body = await body_of(request)
    if not isinstance(body.get("rtc_region"), str | None):
        raise errors.invalid_form(("rtc_region", "STRING_TYPE_CONVERT", "Value must be a string."))
    if "name" in body:
        channel.name = text_field(body, "name", 100)
    if "topic" in body:
        channel.topic = body["topic"]
    if "user_limit" in body:
        channel.user_limit = int(body["user_limit"] or 0)
    if "parent_id" in body and not channel.is_thread:
        channel.parent_id = None if body["parent_id"] is None else int(body["parent_id"])
    if channel.thread is not None:
        channel.thread.archived = bool(body.get("archived", channel.thread.archived))
        channel.thread.locked = bool(body.get("locked", channel.thread.locked))
        channel.thread.auto_archive_minutes = _archive_minutes(body, channel.thread.auto_archive_minutes)
    hub.voice_states.change_channel(channel, region=body.get("rtc_region", channel.rtc_region))
    return reply(payloads.channel(channel))


@routes.post(API + "/channels/{channel_id}/messages/{message_id}/threads")
async def thread_from_message(request: web.Request) -> web.Response:
    """Start a thread, which gets the id of the message."""
    parent = channel_of(request, Permission.CREATE_PUBLIC_THREADS)
    message = message_of(request, parent)
    hub = hub_of(request)
    if message.thread_id is not None:
        raise DiscordError(400, 160004, "A thread has already been created for this message")
    thread = _new_thread(request, parent, await body_of(request), ChannelType.PUBLIC_THREAD, message.id)
    message.thread_id = thread.id
    message.flags |= MessageFlag.HAS_THREAD
    starter = _system_message(hub, thread, caller_of(request).id, MessageType.THREAD_STARTER_MESSAGE)
    starter.reference = payloads.reference(parent, message.id)
    hub.world.add_message(starter)
    hub.broadcast.thread_create(thread)
    hub.broadcast.message_update(message)
    return reply(payloads.channel(thread), 201)


@routes.post(API + "/channels/{channel_id}/threads")
async def thread_without_message(request: web.Request) -> web.Response:
    """Start a thread, private by default as on Discord."""
    parent = channel_of(request)
    hub, caller = hub_of(request), caller_of(request)
    body = await body_of(request)
    kind = body.get("type", int(ChannelType.PRIVATE_THREAD))
    needed = {
        int(ChannelType.PUBLIC_THREAD): Permission.CREATE_PUBLIC_THREADS,
        int(ChannelType.PRIVATE_THREAD): Permission.CREATE_PRIVATE_THREADS,
    }
    if kind not in needed:
        raise errors.invalid_form(("type", "BASE_TYPE_CHOICES", "Value must be one of (10, 11, 12)."))
    require(hub.world.permissions(caller.id, parent), needed[kind])
    thread = _new_thread(request, parent, body, ChannelType(kind), None)
    hub.broadcast.thread_create(thread)
    if kind == ChannelType.PUBLIC_THREAD:
        notice = _system_message(hub, parent, caller.id, MessageType.THREAD_CREATED)
        notice.content = thread.name
        notice.reference = payloads.reference(thread, None)
        hub.world.add_message(notice)
        hub.broadcast.message_create(notice)
    return reply(payloads.channel(thread), 201)


@routes.get(API + "/channels/{channel_id}/thread-members")
async def thread_members(request: web.Request) -> web.Response:
    thread = channel_of(request)
    members = thread.thread.member_ids if thread.thread else []
    return reply([payloads.thread_member(thread, user_id) for user_id in members])


@routes.put(API + "/channels/{channel_id}/thread-members/{user_id}")
async def join_thread(request: web.Request) -> web.Response:
    thread = channel_of(request)
    user_id = snowflake(request, "user_id")
    if thread.thread is None:
        raise DiscordError(400, 50024, "Cannot execute action on this channel type")
    if user_id not in thread.thread.member_ids:
        thread.thread.member_ids.append(user_id)
    return no_content()


def _new_thread(
    request: web.Request, parent: Channel, body: Json, kind: ChannelType, thread_id: int | None
) -> Channel:
    if parent.type is not ChannelType.TEXT:
        raise DiscordError(400, 50024, "Cannot execute action on this channel type")
    return hub_of(request).world.add_thread(
        parent,
        text_field(body, "name", 100),
        caller_of(request).id,
        kind=kind,
        thread_id=thread_id,
        minutes=_archive_minutes(body, 1440),
    )


def _archive_minutes(body: Json, default: int) -> int:
    minutes = body.get("auto_archive_duration") or default
    if minutes not in ARCHIVE_MINUTES:
        message = f"Value must be one of {ARCHIVE_MINUTES}."
        raise errors.invalid_form(("auto_archive_duration", "BASE_TYPE_CHOICES", message))
    return int(minutes)


def _system_message(hub: Hub, channel: Channel, author_id: int, kind: MessageType) -> Message:
    return Message(hub.world.snowflakes.next(), channel.id, channel.guild_id, author_id, type=kind)
