"""What people do in the local Discord: they come into a voice channel, and type commands."""

from typing import Any

from aiohttp import ClientSession

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.discordsim.world.entities import User

WAIT_S = 90.0
"""For an answer."""


def in_voice(local: LocalDiscord, user: User, guild_id: int, channel_id: int) -> Speaker:
    """``async with`` it: they are in the channel."""
    return Speaker(
        api_url=f"{local.api_url}/v10",
        token=user.token,
        ca_file=local.ca_file,
        guild_id=guild_id,
        channel_id=channel_id,
        name=user.display_name,
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
    """What has become of the interaction within ``wait_s``."""
    typed = {"user_id": str(user_id), "channel_id": str(channel_id), "command": command, "wait": wait_s}
    async with http.post(f"{local.world.cdn_url}/sim/interactions", json=typed | fields) as response:
        shown: dict[str, Any] = await response.json()
        return shown


def text_of(shown: dict[str, Any]) -> str:
    """What the person reads, or why there is nothing to be read."""
    if shown.get("status") != "answered":
        return str(shown.get("error", "no answer"))
    return str(shown["messages"][-1]["content"])
