"""People in the local Discord, who join voice channels and use commands."""

from collections.abc import Sequence
from typing import Any

from aiohttp import ClientSession

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.dave import MakeDave, SpeakerDave
from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.discordsim.world.entities import User

WAIT_S = 90.0
"""Seconds to wait for an answer."""


class Unencrypted(SpeakerDave):
    """Sends plain Opus, in a group or not."""

    @property
    def ready(self) -> bool:
        return True

    def encrypt(self, frame: bytes) -> bytes:
        return frame


def in_voice(
    local: LocalDiscord, user: User, guild_id: int, channel_id: int, dave: MakeDave = SpeakerDave
) -> Speaker:
    """A context manager: the person is in the voice channel while it is open."""
    return Speaker(
        api_url=f"{local.api_url}/v10",
        token=user.token,
        ca_file=local.ca_file,
        guild_id=guild_id,
        channel_id=channel_id,
        name=user.display_name,
        dave=dave,
    )


async def type_command(
    http: ClientSession,
    local: LocalDiscord,
    user_id: int,
    channel_id: int,
    command: str,
    *,
    wait_s: float = WAIT_S,
    **fields: Any,
) -> dict[str, Any]:
    """Use a command and return the state of its interaction after at most ``wait_s``."""
    typed = {"user_id": str(user_id), "channel_id": str(channel_id), "command": command, "wait": wait_s}
    return await _interact(http, local, typed | fields)


async def press(
    http: ClientSession,
    local: LocalDiscord,
    user_id: int,
    message: dict[str, Any],
    custom_id: str,
    *,
    values: Sequence[str] = (),
    wait_s: float = WAIT_S,
) -> dict[str, Any]:
    """Press a button of a message, or select ``values`` in a menu. Return the state of the interaction."""
    place = {"user_id": str(user_id), "channel_id": message["channel_id"], "message_id": message["id"]}
    used = {"custom_id": custom_id, "values": list(values), "wait": wait_s}
    return await _interact(http, local, place | used)


async def fill_in(
    http: ClientSession,
    local: LocalDiscord,
    shown: dict[str, Any],
    fields: dict[str, Any],
    *,
    wait_s: float = WAIT_S,
) -> dict[str, Any]:
    """Submit the modal that answered an interaction, with ``fields`` by custom id."""
    return await _interact(http, local, {"modal_of": shown["id"], "fields": fields, "wait": wait_s})


async def _interact(http: ClientSession, local: LocalDiscord, body: dict[str, Any]) -> dict[str, Any]:
    async with http.post(f"{local.world.cdn_url}/sim/interactions", json=body) as response:
        shown: dict[str, Any] = await response.json()
        return shown


def text_of(shown: dict[str, Any]) -> str:
    """Return the text of the answer, or the reason why there is none."""
    if shown.get("status") != "answered":
        return str(shown.get("error", "no answer"))
    return str(shown["messages"][-1]["content"])
