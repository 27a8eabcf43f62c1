"""REST: threads and their members.

Source: Discord docs, Resources / Channel (Start Thread, Thread Members) and Topics / Threads.
"""

from aiohttp import web

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.gateway.protocol import Intent
from notetaker.discordsim.http import API, body_of, no_content, reply
from notetaker.discordsim.hub import Hub, hub_of
from notetaker.discordsim.rest.request import (
    caller_of,
    channel_of,
    found,
    message_of,
    require,
    require_active,
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
    ThreadData,
    User,
)
from notetaker.discordsim.world.permissions import Permission

routes = web.RouteTableDef()

THREAD_MEMBER = API + "/channels/{channel_id}/thread-members/{user_id}"
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
MAX_MEMBERS = 1000


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
    hub.threads.created(thread)
    hub.broadcast.message_update(message)
    return reply(payloads.thread(thread, caller_of(request).id), 201)


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
    hub.threads.created(thread)
    if kind == ChannelType.PUBLIC_THREAD:
        notice = _system_message(hub, parent, caller.id, MessageType.THREAD_CREATED)
        notice.content = thread.name
        notice.reference = payloads.reference(thread, None)
        hub.world.add_message(notice)
        hub.broadcast.message_create(notice)
    return reply(payloads.thread(thread, caller.id), 201)


@routes.get(API + "/channels/{channel_id}/thread-members")
async def list_members(request: web.Request) -> web.Response:
    """Return all members, which an application only learns with the members intent (docs, List Thread Members)."""
    thread, data = _thread_of(request)
    application = hub_of(request).world.applications.get(caller_of(request).id)
    if application is not None and not application.privileged_intents & Intent.GUILD_MEMBERS:
        raise errors.missing_access()
    return reply([payloads.thread_member(thread, user_id) for user_id in data.member_ids])


@routes.get(THREAD_MEMBER)
async def get_member(request: web.Request) -> web.Response:
    thread, data = _thread_of(request)
    user_id = snowflake(request, "user_id")
    found(user_id if user_id in data.member_ids else None, "Member")
    return reply(payloads.thread_member(thread, user_id))


@routes.put(THREAD_MEMBER)
async def add_member(request: web.Request) -> web.Response:
    """Join a thread, or add somebody who sees its parent."""
    thread, data = _thread_of(request)
    hub, caller, user_id = hub_of(request), caller_of(request), snowflake(request, "user_id")
    require_active(thread)
    if user_id != caller.id:
        needed = Permission.SEND_MESSAGES_IN_THREADS if data.invitable else Permission.MANAGE_THREADS
        if data.owner_id != caller.id:
            require(hub.world.permissions(caller.id, thread), needed)
        found(hub.world.guild_of(thread).members.get(user_id), "Member")
    if len(data.member_ids) >= MAX_MEMBERS:
        raise DiscordError(400, 30033, "Maximum number of thread participants has been reached (1000)")
    hub.threads.add(thread, user_id)
    return no_content()


@routes.delete(THREAD_MEMBER)
async def remove_member(request: web.Request) -> web.Response:
    """Leave a thread, or remove somebody: as a moderator, or from one's own private thread."""
    thread, data = _thread_of(request)
    hub, caller, user_id = hub_of(request), caller_of(request), snowflake(request, "user_id")
    require_active(thread)
    owns = data.owner_id == caller.id and thread.type is ChannelType.PRIVATE_THREAD
    if user_id != caller.id and not owns:
        require(hub.world.permissions(caller.id, thread), Permission.MANAGE_THREADS)
    if user_id in data.member_ids:
        hub.threads.remove(thread, user_id)
    return no_content()


def edit(hub: Hub, caller: User, thread: Channel, body: Json) -> None:
    """Change the name of a thread, archive it, lock it, or undo that. Raises DiscordError."""
    data = thread.thread
    assert data is not None
    bits = hub.world.permissions(caller.id, thread)
    moderates = bool(bits & Permission.MANAGE_THREADS)
    revives = data.archived and body.get("archived") is False
    if data.archived and not revives:
        raise errors.archived()
    if "locked" in body or (revives and data.locked):
        require(bits, Permission.MANAGE_THREADS)
    if not revives or {"name", "auto_archive_duration"} & body.keys():
        if not moderates and data.owner_id != caller.id:
            raise errors.missing_permissions()
    elif not moderates:
        require(bits, Permission.SEND_MESSAGES_IN_THREADS)
    was_archived = data.archived
    if "name" in body:
        thread.name = text_field(body, "name", 100)
    data.auto_archive_minutes = _archive_minutes(body, data.auto_archive_minutes)
    data.archived = bool(body.get("archived", data.archived))
    data.locked = bool(body.get("locked", data.locked))
    data.invitable = bool(body.get("invitable", data.invitable))
    hub.threads.updated(thread, was_archived=was_archived)


def _thread_of(request: web.Request) -> tuple[Channel, ThreadData]:
    thread = channel_of(request)
    if thread.thread is None:
        raise errors.wrong_channel_type()
    return thread, thread.thread


def _new_thread(
    request: web.Request, parent: Channel, body: Json, kind: ChannelType, thread_id: int | None
) -> Channel:
    if parent.type is not ChannelType.TEXT:
        raise errors.wrong_channel_type()
    thread = hub_of(request).world.add_thread(
        parent,
        text_field(body, "name", 100),
        caller_of(request).id,
        kind=kind,
        thread_id=thread_id,
        minutes=_archive_minutes(body, 1440),
    )
    if thread.thread is not None and kind is ChannelType.PRIVATE_THREAD:
        thread.thread.invitable = body.get("invitable") is not False
    return thread


def _archive_minutes(body: Json, default: int) -> int:
    minutes = body.get("auto_archive_duration") or default
    if minutes not in ARCHIVE_MINUTES:
        message = f"Value must be one of {ARCHIVE_MINUTES}."
        raise errors.invalid_form(("auto_archive_duration", "BASE_TYPE_CHOICES", message))
    return int(minutes)


def _system_message(hub: Hub, channel: Channel, author_id: int, kind: MessageType) -> Message:
    return Message(hub.world.snowflakes.next(), channel.id, channel.guild_id, author_id, type=kind)
