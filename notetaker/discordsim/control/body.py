"""Reading what the control API is told. What is missing or makes no sense is a UsageError in one sentence."""

from __future__ import annotations

from aiohttp import web

from notetaker.discordsim.hub import Hub
from notetaker.discordsim.messages.usage import UsageError
from notetaker.discordsim.world.entities import Channel, Guild, Json


async def body_of(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise UsageError("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise UsageError("The body is not a JSON object.")
    return body


def id_of(body: Json, name: str) -> int:
    """A string or an integer."""
    try:
        return int(body[name])
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"The field {name} is missing or is not an id.") from None


def integer_of(body: Json, name: str, default: int | None = None, *, lowest: int, highest: int) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise UsageError(f"The field {name} must be a whole number from {lowest} to {highest}.")
    return value


def seconds_of(body: Json) -> float:
    value = body.get("seconds")
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise UsageError("The field seconds must be a number above 0.")
    return float(value)


def flag_of(body: Json, name: str) -> bool | None:
    """None if it is not there."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise UsageError(f"The field {name} must be true or false.")
    return value


def choice_of(body: Json, name: str, choices: list[str]) -> str:
    value = body.get(name)
    if value not in choices:
        raise UsageError(f"The field {name} must be one of {', '.join(choices)}.")
    return str(value)


def guild_of(hub: Hub, body: Json) -> Guild:
    guild = hub.world.guilds.get(id_of(body, "guild_id"))
    if guild is None:
        raise UsageError("There is no such guild.")
    return guild


def channel_of(hub: Hub, body: Json) -> Channel:
    channel = hub.world.channel(id_of(body, "channel_id"))
    if channel is None:
        raise UsageError("There is no such channel.")
    return channel


def voice_channel_of(hub: Hub, body: Json) -> Channel:
    """A voice or stage channel of the guild that is named."""
    guild, channel = guild_of(hub, body), channel_of(hub, body)
    if not channel.is_vocal or channel.guild_id != guild.id:
        raise UsageError("This is no voice channel of that guild.")
    return channel
