"""Reading a request of the control API. Everything here raises UsageError, one sentence, for an invalid request."""

from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from notetaker.discordsim.hub import Hub
from notetaker.discordsim.messages.command_usage import UsageError
from notetaker.discordsim.world.entities import Channel, Guild, Json, User

Model = TypeVar("Model", bound=BaseModel)

Id = int
"""A string or an integer."""
Code = Annotated[int, Field(strict=True, ge=1000, le=4999)]
"""A close code of a websocket; 1006 stands for a TCP reset."""
Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Times = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
Flag = Annotated[bool, Field(strict=True)]


async def body_of(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise UsageError("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise UsageError("The body is not a JSON object.")
    return body


def parse(model: type[Model], body: Json) -> Model:
    """Return the fields of the model, ignoring any others."""
    try:
        return model.model_validate(body)
    except ValidationError as invalid:
        error = invalid.errors()[0]
        name = ".".join(map(str, error["loc"]))
        if error["type"] == "missing":
            raise UsageError(f"The field {name} is missing.") from None
        raise UsageError(error["msg"].replace("Input", f"The field {name}", 1) + ".") from None


async def read(request: web.Request, model: type[Model]) -> Model:
    return parse(model, await body_of(request))


def guild_of(hub: Hub, guild_id: int) -> Guild:
    guild = hub.world.guilds.get(guild_id)
    if guild is None:
        raise UsageError("There is no such guild.")
    return guild


def user_of(hub: Hub, user_id: int) -> User:
    user = hub.world.users.get(user_id)
    if user is None:
        raise UsageError("There is no such user.")
    return user


def channel_of(hub: Hub, channel_id: int) -> Channel:
    channel = hub.world.channel(channel_id)
    if channel is None:
        raise UsageError("There is no such channel.")
    return channel


def voice_channel_of(hub: Hub, guild_id: int, channel_id: int) -> Channel:
    """Return a voice or stage channel of the guild."""
    guild, channel = guild_of(hub, guild_id), channel_of(hub, channel_id)
    if not channel.is_vocal or channel.guild_id != guild.id:
        raise UsageError("This is no voice channel of that guild.")
    return channel
