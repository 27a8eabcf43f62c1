"""People in the local Discord, who join voice channels and use commands."""

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
    async with http.post(f"{local.world.cdn_url}/sim/interactions", json=typed | fields) as response:
        shown: dict[str, Any] = await response.json()
        return shown


def text_of(shown: dict[str, Any]) -> str:
    """Return the text of the answer, or the reason why there is none."""
    if shown.get("status") != "answered":
        return str(shown.get("error", "no answer"))
    return str(shown["messages"][-1]["content"])
