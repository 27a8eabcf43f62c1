"""REST: messages and their files.

Source: Discord docs, Resources / Message.
"""

from aiohttp import web

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.http import API, no_content, reply
from notetaker.discordsim.hub import Hub, hub_of
from notetaker.discordsim.messages import drafts
from notetaker.discordsim.messages.drafts import Draft
from notetaker.discordsim.rest.ratelimit import Limit, limit_silently
from notetaker.discordsim.rest.request import (
    caller_of,
    integer,
    message_of,
    require,
    require_active,
    snowflake,
    text_channel_of,
)
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import (
    Channel,
    ChannelType,
    Json,
    Message,
    MessageFlag,
    MessageType,
    User,
)
from notetaker.discordsim.world.permissions import Permission
from notetaker.discordsim.world.snowflake import created_s, iso
from notetaker.discordsim.world.world import World

routes = web.RouteTableDef()

OLD_S = 3600.0
OLD_EDITS = Limit(3, 6.0)
"""For the messages of a channel that are older than OLD_S (Discord Userdoccers, Resources / Message)."""
MAX_NONCE = 25
NONCE_S = 300
"""How long ``enforce_nonce`` remembers; the docs say "in the past few minutes"."""
SETTABLE = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS


@routes.post(API + "/channels/{channel_id}/messages")
async def create_message(request: web.Request) -> web.Response:
    channel = text_channel_of(request)
    hub, author = hub_of(request), caller_of(request)
    needed = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
    if channel.type is ChannelType.DM:
        _require_open(hub.world, channel, author)
    if channel.type is ChannelType.CATEGORY:
        raise DiscordError(400, 50008, "Cannot send messages in a non-text channel")
    bits = hub.world.permissions(author.id, channel)
    require(bits, needed)
    if channel.thread is not None and not (channel.thread.archived and not channel.thread.locked):
        require_active(channel, bits)  # an archived thread that is not locked is revived
    draft = await drafts.read(request)
    if len(str(draft.of("nonce", ""))) > MAX_NONCE:
        raise errors.invalid_form(errors.too_long("nonce", MAX_NONCE))
    if draft.uploads:
        require(bits, Permission.ATTACH_FILES)
    if draft.of("enforce_nonce", False) and (old := _of_nonce(hub, channel, author.id, draft)) is not None:
        return reply(payloads.message(hub.world, old))
    message = Message(hub.world.snowflakes.next(), channel.id, channel.guild_id, author.id)
    message.reference = _reference(channel, draft)
    if message.reference is not None:
        message.type = MessageType.REPLY
        message.replied_to = channel.messages[int(message.reference["message_id"])].author_id
    drafts.apply(hub.world, draft, message)
    if not bits & Permission.EMBED_LINKS:
        message.embeds = []  # Discord drops them without an error
    message.nonce = draft.of("nonce", None)
    message.flags = int(draft.of("flags", 0)) & SETTABLE
    hub.world.add_message(message)
    if channel.thread is not None:
        hub.threads.unarchive(channel)
        hub.threads.add(channel, author.id)
    hub.broadcast.message_create(message)
    return reply(payloads.message(hub.world, message))


def _require_open(world: World, dm: Channel, author: User) -> None:
    """Raise DiscordError if the other user of a DM gets no messages from this one (api-docs#8238)."""
    [other] = [world.users[i] for i in dm.recipient_ids if i != author.id]
    if not any(other.id in guild.members for guild in world.guilds_of(author.id)):
        why = "Cannot send messages to this user due to having no mutual guilds"
        raise DiscordError(403, 50278, why)
    if not other.accepts_dms:
        raise DiscordError(403, 50007, "Cannot send messages to this user")


def _of_nonce(hub: Hub, channel: Channel, author_id: int, draft: Draft) -> Message | None:
    nonce = draft.of("nonce", None)
    for message in reversed(channel.messages.values()):
        if hub.world.clock() - created_s(message.id) > NONCE_S:
            return None
        if nonce is not None and (message.author_id, message.nonce) == (author_id, nonce):
            return message
    return None


def _reference(channel: Channel, draft: Draft) -> Json | None:
    """Return a reference to the message that this one replies to. Raises DiscordError if it does not exist."""
    given = draft.of("message_reference", None)
    if given is None:
        return None
    if int(given["message_id"]) not in channel.messages:
        if not given.get("fail_if_not_exists", True):
            return None
        raise errors.invalid_form(("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message"))
    return payloads.reference(channel, int(given["message_id"]))


@routes.get(API + "/channels/{channel_id}/messages")
async def list_messages(request: web.Request) -> web.Response:
    """Return messages, newest first: the latest, or those ``before``, ``after`` or ``around`` a message id.

    Without Read Message History there are none (docs, Get Channel Messages).
    """
    channel = text_channel_of(request)
    bits = hub_of(request).world.permissions(caller_of(request).id, channel)
    limit = integer(request, "limit", 50, 1, 100)
    ids = sorted(channel.messages) if bits & Permission.READ_MESSAGE_HISTORY else []
    if "after" in request.query:
        ids = [i for i in ids if i > int(request.query["after"])][:limit]
    elif "before" in request.query:
        ids = [i for i in ids if i < int(request.query["before"])][-limit:]
    elif "around" in request.query:
        around = int(request.query["around"])
        older = sorted((i for i in ids if i < around), reverse=True)[: limit // 2][::-1]
        ids = older + [i for i in ids if i >= around][: limit - len(older)]
    else:
        ids = ids[-limit:]
    return reply([_shown(request, channel.messages[i]) for i in reversed(ids)])


def _shown(request: web.Request, message: Message) -> Json:
    """Return a message as the caller sees it."""
    world, caller = hub_of(request).world, caller_of(request)
    application = world.applications.get(caller.id)
    shown = payloads.message(world, message)
    if world.tells_content(caller.id, message, application.privileged_intents if application else 0):
        return shown
    return payloads.without_content(shown)


@routes.get(API + "/channels/{channel_id}/messages/{message_id}")
async def get_message(request: web.Request) -> web.Response:
    message = message_of(request, text_channel_of(request, Permission.READ_MESSAGE_HISTORY))
    return reply(_shown(request, message))


@routes.patch(API + "/channels/{channel_id}/messages/{message_id}")
async def edit_message(request: web.Request) -> web.Response:
    channel = text_channel_of(request)
    message = message_of(request, channel)
    hub, caller = hub_of(request), caller_of(request)
    require_active(channel, hub.world.permissions(caller.id, channel))
    if hub.world.clock() - created_s(message.id) > OLD_S:
        limit_silently(request, f"edit old {channel.id}", OLD_EDITS, code=30046)
    if message.author_id != caller.id:
        raise DiscordError(403, 50005, "Cannot edit a message authored by another user")
    drafts.apply(hub.world, await drafts.read(request), message)
    message.edited_at = iso(hub.world.clock())
    hub.broadcast.message_update(message)
    return reply(payloads.message(hub.world, message))


@routes.delete(API + "/channels/{channel_id}/messages/{message_id}")
async def delete_message(request: web.Request) -> web.Response:
    channel = text_channel_of(request)
    message = message_of(request, channel)
    hub, caller = hub_of(request), caller_of(request)
    if message.author_id != caller.id:
        require(hub.world.permissions(caller.id, channel), Permission.MANAGE_MESSAGES)
    del channel.messages[message.id]
    hub.broadcast.message_delete(message)
    return no_content()


@routes.post(API + "/channels/{channel_id}/typing")
async def typing(request: web.Request) -> web.Response:
    hub_of(request).broadcast.typing(text_channel_of(request), caller_of(request).id)
    return no_content()


@routes.get("/attachments/{channel_id}/{attachment_id}/{filename}")
async def get_attachment(request: web.Request) -> web.Response:
    """Serve a file, as Discord's CDN does: without a token, because the URL is secret."""
    hub = hub_of(request)
    channel = hub.world.channel(snowflake(request, "channel_id"))
    messages = [*(channel.messages.values() if channel else []), *hub.interactions.ephemeral_messages()]
    for message in messages:
        for attachment in message.attachments:
            if attachment.id == snowflake(request, "attachment_id"):
                kind = attachment.content_type or "application/octet-stream"
                return web.Response(body=attachment.data, headers={"Content-Type": kind})
    raise web.HTTPNotFound
