"""The REST API's frame: who is calling, rate limits, errors, and finding what a path names."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.hub import API, hub_of, reply
from notetaker.discordsim.world.entities import Channel, Guild, Json, Member, Message, User
from notetaker.discordsim.world.permissions import Permission

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPEN = re.compile(rf"{API}/(gateway$|interactions/|webhooks/)")
"""Paths that need no token: the gateway's address, and those that carry an interaction's own token."""
UNLIMITED = re.compile(rf"{API}/interactions/")
"""Interaction callbacks are outside the rate limits (docs, Receiving and Responding)."""


@web.middleware
async def frame(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Everything Discord does around a REST request."""
    if not request.path.startswith("/api/"):
        return await handler(request)
    headers: dict[str, str] = {}
    try:
        caller = (request.remote or "") if OPEN.match(request.path) else str(caller_of(request).id)
        if not UNLIMITED.match(request.path):
            headers = _limit(request, caller)
        response = await handler(request)
    except DiscordError as error:
        response = reply(error.body, error.status)
        headers |= error.headers
    except web.HTTPException as error:
        if error.status == 404:
            hub_of(request).events.publish("unknown_route", method=request.method, path=request.path)
        response = reply({"message": f"{error.status}: {error.reason}", "code": 0}, error.status)
    if not response.prepared:
        response.headers.update(headers)
    return response


def _limit(request: web.Request, caller: str) -> dict[str, str]:
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else request.path
    major = request.match_info.get("channel_id") or request.match_info.get("guild_id") or ""
    messages = request.method == "POST" and route.endswith("/messages")
    headers, wait = hub_of(request).limits.take(
        caller, f"{request.method} {route} {major}", messages=messages
    )
    if wait is not None:
        error = DiscordError(429, 0, "You are being rate limited.")
        error.body |= {"retry_after": round(wait, 3), "global": False}
        error.headers = headers
        raise error
    return headers


# What handlers read from a request


def caller_of(request: web.Request) -> User:
    """Whose token it is: "Bot TOKEN" for a bot, the bare token for a person. Raises DiscordError for any other."""
    scheme, _, token = request.headers.get("Authorization", "").rpartition(" ")
    user = hub_of(request).world.user_of_token(token)
    if user is None or user.bot != (scheme == "Bot"):
        raise errors.unauthorized()
    return user


def snowflake(request: web.Request, name: str) -> int:
    """A path part; `@me` means the caller."""
    value = request.match_info[name]
    if value == "@me":
        return caller_of(request).id
    if not value.isdecimal():
        raise errors.invalid_form((name, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.'))
    return int(value)


async def body_of(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise DiscordError(400, 50109, "The request body contains invalid JSON.") from None
    if not isinstance(body, dict):
        raise errors.invalid_form(("_", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType"))
    return body


def guild_of(request: web.Request) -> Guild:
    """The guild in the path, of which the caller must be a member."""
    guild = hub_of(request).world.guilds.get(snowflake(request, "guild_id"))
    if guild is None:
        raise errors.unknown("Guild")
    if caller_of(request).id not in guild.members:
        raise errors.missing_access()
    return guild


def member_of(request: web.Request, guild: Guild) -> Member:
    member = guild.members.get(snowflake(request, "user_id"))
    if member is None:
        raise errors.unknown("Member")
    return member


def channel_of(request: web.Request, *needed: Permission) -> Channel:
    """The channel in the path, which the caller must see and have all `needed` permissions in."""
    world = hub_of(request).world
    channel = world.channel(snowflake(request, "channel_id"))
    if channel is None:
        raise errors.unknown("Channel")
    bits = world.permissions(caller_of(request).id, channel)
    if not bits & Permission.VIEW_CHANNEL:
        raise errors.missing_access()
    if any(not bits & permission for permission in needed):
        raise errors.missing_permissions()
    return channel


def message_of(request: web.Request, channel: Channel) -> Message:
    message = channel.messages.get(snowflake(request, "message_id"))
    if message is None:
        raise errors.unknown("Message")
    return message


def integer(request: web.Request, name: str, default: int, lowest: int, highest: int) -> int:
    """A query parameter."""
    text = request.query.get(name, str(default))
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        problem = f"int value should be between {lowest} and {highest}."
        raise errors.invalid_form((name, "NUMBER_TYPE_RANGE", problem))
    return int(text)


def text_field(body: Json, name: str, longest: int) -> str:
    """A required text of a JSON body."""
    value: Any = body.get(name)
    if not isinstance(value, str) or not value:
        raise errors.invalid_form(errors.required(name))
    if len(value) > longest:
        raise errors.invalid_form(errors.too_long(name, longest))
    return value
