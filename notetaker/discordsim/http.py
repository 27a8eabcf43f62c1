"""HTTP as Discord speaks it: JSON in, JSON out."""

import json
from typing import Any

from aiohttp import web

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.world.entities import Json

API = "/api/v10"


async def body_of(request: web.Request) -> Json:
    """Return the body of a request, a JSON object. Raises DiscordError if it is anything else."""
    return decode_object(await request.read())


def decode(text: str | bytes) -> Any:
    """Return what JSON means. Raises DiscordError if the text is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        raise DiscordError(400, 50109, "The request body contains invalid JSON.") from None


def decode_object(text: str | bytes) -> Json:
    """Return a JSON object. Raises DiscordError if the text is anything else."""
    body = decode(text)
    if not isinstance(body, dict):
        raise errors.invalid_form(("_", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType"))
    return body


def reply(body: Json | list[Json], status: int = 200) -> web.Response:
    """Return a JSON response with exactly Discord's content type, which clients compare as a whole string."""
    response = web.json_response(body, status=status)
    response.headers["Content-Type"] = "application/json"
    return response


def no_content() -> web.Response:
    return web.Response(status=204)
