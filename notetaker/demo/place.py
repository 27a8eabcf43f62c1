"""The local Discord as people use it, through its control API: they type commands and read messages."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

GUILD, VOICE_CHANNEL, TEXT_CHANNEL = "Office", "Standup", "meeting-notes"
Event = dict[str, Any]
_TIME = re.compile(r"<t:(\d+):(\w)>")
_STYLES = {"D": "%-d %B %Y", "t": "%H:%M"}


def with_times(content: str) -> str:
    """Return a message with times as Discord shows them to a reader in this time zone."""
    return _TIME.sub(
        lambda found: datetime.fromtimestamp(int(found[1])).strftime(_STYLES.get(found[2], "%H:%M:%S")),
        content,
    )


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    token: str
    is_bot: bool


class Place:
    """One voice channel and one text channel of a guild, and all users."""

    def __init__(self, world: dict[str, Any], http: aiohttp.ClientSession) -> None:
        """``world`` is what the local Discord prints when it is ready."""
        self.api_url: str = world["api_url"]
        self.ca_file: str = world["ca_file"]
        self._sim_url: str = world["sim_url"]
        self._http = http
        self.users = [User(int(u["id"]), u["name"], u["token"], u["bot"]) for u in world["users"]]
        guild = next(g for g in world["guilds"] if g["name"] == GUILD)
        channels = {channel["name"]: int(channel["id"]) for channel in guild["channels"]}
        self.guild_id = int(guild["id"])
        self.voice_channel_id = channels[VOICE_CHANNEL]
        self.text_channel_id = channels[TEXT_CHANNEL]

    @property
    def bot(self) -> User:
        return next(user for user in self.users if user.is_bot)

    def is_of_bot(self, event: Event) -> bool:
        return bool(event.get("user_id") == str(self.bot.id))

    def person(self, name: str) -> User:
        return next(user for user in self.users if user.name == name)

    def readable(self, content: str) -> str:
        """Return a message as Discord shows it, with names instead of ids and without Markdown."""
        for user in self.users:
            content = content.replace(f"<@{user.id}>", f"@{user.name}")
        content = content.replace(f"<#{self.voice_channel_id}>", f"#{VOICE_CHANNEL}")
        content = content.replace(f"<#{self.text_channel_id}>", f"#{TEXT_CHANNEL}")
        content = with_times(content)
        return content.replace("**", "").lstrip("# ")

    async def types(self, user: User, command: str) -> str:
        """Let ``user`` type a slash command in the text channel, and return the answer they see."""
        person = {"user_id": str(user.id), "channel_id": str(self.text_channel_id)}
        answer = await self._post("interactions", {**person, "command": command, "wait": 60})
        if answer["status"] != "answered":
            return str(answer.get("error", "The bot is still thinking."))
        return str(answer["messages"][-1]["content"])

    async def refuse_next_identify(self, user: User, code: int) -> None:
        """Close the user's next voice identify with this code."""
        await self._post("faults", {"kind": "refuse_identify", "user_id": str(user.id), "code": code})

    async def events(self) -> AsyncIterator[Event]:
        """Yield everything that happens, from the beginning, without end."""
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._http.get(f"{self._sim_url}/events", timeout=timeout) as stream:
            async for line in stream.content:
                yield json.loads(line)

    async def forwarded(self) -> list[dict[str, Any]]:
        """Return the voice server's own count of packets, per sender and receiver."""
        async with self._http.get(f"{self._sim_url}/voice/stats") as response:
            return list(await response.json())

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        async with self._http.post(f"{self._sim_url}/{path}", json=body) as response:
            response.raise_for_status()
            return await response.json() if response.content_type == "application/json" else None
