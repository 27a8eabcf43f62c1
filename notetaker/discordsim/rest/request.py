"""Reading a REST request: the caller, and what its path, query and body name. Each raises DiscordError."""

from typing import Any, TypeVar

from aiohttp import web

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.hub import hub_of
from notetaker.discordsim.world.entities import Channel, Guild, Json, Member, Message, User
from notetaker.discordsim.world.permissions import Permission

Found = TypeVar("Found")


def caller_of(request: web.Request) -> User:
    """Return the user of the request's token, which is "Bot TOKEN" for a bot, the bare token for a person."""
    scheme, _, token = request.headers.get("Authorization", "").rpartition(" ")
    user = hub_of(request).world.user_of_token(token)
    if user is None or user.bot != (scheme == "Bot"):
        raise errors.unauthorized()
    return user


def snowflake(request: web.Request, name: str) -> int:
    """Return an id in the path; ``@me`` is the caller."""
    value = request.match_info[name]
    if value == "@me":
        return caller_of(request).id
    if not value.isdecimal():
        raise errors.invalid_form(errors.no_snowflake(name, value))
    return int(value)


def found(value: Found | None, what: str) -> Found:
    """Return what was looked up, if it exists. ``what`` is a name in ``errors.UNKNOWN``."""
    if value is None:
        raise errors.unknown(what)
    return value


def require(bits: Permission, *needed: Permission) -> None:
    """Check that a caller with the permissions ``bits`` has all those ``needed``."""
    if any(not bits & permission for permission in needed):
        raise errors.missing_permissions()


def guild_of(request: web.Request) -> Guild:
    """Return the guild in the path. It is unknown to those who are no members (api-docs#5840)."""
    guild = found(hub_of(request).world.guilds.get(snowflake(request, "guild_id")), "Guild")
    if caller_of(request).id not in guild.members:
        raise errors.unknown("Guild")
    return guild


def member_of(request: web.Request, guild: Guild) -> Member:
    return found(guild.members.get(snowflake(request, "user_id")), "Member")


def channel_of(request: web.Request, *needed: Permission) -> Channel:
    """Return the channel in the path. The caller must see it, and have all ``needed`` permissions."""
    world = hub_of(request).world
    channel = found(world.channel(snowflake(request, "channel_id")), "Channel")
    bits = world.permissions(caller_of(request).id, channel)
    if not bits & Permission.VIEW_CHANNEL:
        raise errors.missing_access()
    require(bits, *needed)
    return channel


def text_channel_of(request: web.Request, *needed: Permission) -> Channel:
    """Return the channel in the path, whose messages the caller may see.

    For the chat of a voice channel that needs Connect, too (docs, Get Channel Messages).
    """
    channel = channel_of(request, *needed)
    world, caller = hub_of(request).world, caller_of(request)
    if channel.is_vocal and not world.permissions(caller.id, channel) & Permission.CONNECT:
        raise errors.missing_access()
    return channel


def require_active(channel: Channel, bits: Permission = Permission.MANAGE_THREADS) -> None:
    """Raise DiscordError if the channel is an archived thread, or locked for who has only these permissions."""
    if channel.thread is None:
        return
    if channel.thread.archived:
        raise errors.archived()
    if channel.thread.locked and not bits & Permission.MANAGE_THREADS:
        raise DiscordError(403, 160005, "Thread is locked")


def message_of(request: web.Request, channel: Channel) -> Message:
    return found(channel.messages.get(snowflake(request, "message_id")), "Message")


def integer(request: web.Request, name: str, default: int, lowest: int, highest: int) -> int:
    """Return a query parameter."""
    text = request.query.get(name, str(default))
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        message = f"int value should be between {lowest} and {highest}."
        raise errors.invalid_form((name, "NUMBER_TYPE_RANGE", message))
    return int(text)


def text_field(body: Json, name: str, longest: int) -> str:
    """Return a required text of a JSON body."""
    value: Any = body.get(name)
    if not isinstance(value, str) or not value:
        raise errors.invalid_form(errors.required(name))
    if len(value) > longest:
        raise errors.invalid_form(errors.too_long(name, longest))
    return value
