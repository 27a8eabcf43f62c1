"""The processes of production against the local Discord, told apart from it by settings alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from notetaker.demo.script import VOICES, opus_packets
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.discordsim.world.entities import Guild, Message, User
from notetaker.status import unix_socket
from tests.harness.people import in_voice, text_of, type_command
from tests.harness.process import POLL_S, WAIT_S, Process, settings_for
from tests.harness.world import channel_id, the_bot, the_guild, the_user

SENTENCE = opus_packets(VOICES / "01-ada.opus")[:75]
"""1.5 s of speech."""


def stored(said: dict[str, Any], guild: Guild, user: User) -> int:
    """How many packets of this person the bot has stored, as it says in its status."""
    guilds = [one for one in said["voice"]["guilds"] if one["guild_id"] == str(guild.id)]
    people = [one for each in guilds for one in each["coverage"] if one["user_id"] == str(user.id)]
    return sum(one["stored"] for one in people)


class Office:
    """The demo world's guild "Office", with names instead of ids."""

    def __init__(self, local: LocalDiscord, http: ClientSession, folder: Path) -> None:
        self.local = local
        self.state = folder / "state"
        self.http = http
        self._folder = folder
        self._answers: set[int] = set()
        self._processes = count(1)

    @property
    def guild(self) -> Guild:
        return the_guild(self.local.world, "Office")

    @property
    def bot(self) -> User:
        return the_bot(self.local.world)

    def user(self, name: str) -> User:
        return the_user(self.local.world, name)

    def channel(self, name: str) -> int:
        return channel_id(self.guild, name)

    def messages(self, channel: str = "general") -> list[Message]:
        """Posted by the bot outside of interactions, oldest first."""
        found = self.guild.channels[self.channel(channel)].messages.values()
        return [m for m in found if m.author_id == self.bot.id and m.id not in self._answers]

    async def says(self, command: str, *, user: str = "Ada", channel: str = "general") -> str:
        """What the user reads after typing the command; "(only you) " before it if nobody else sees it."""
        shown = await self.types(command, user=user, channel=channel)
        assert shown["status"] == "answered", shown
        [message] = shown["messages"]
        self._answers.add(int(message["id"]))
        return ("(only you) " if message["flags"] & 64 else "") + text_of(shown)

    async def types(
        self, command: str, *, user: str = "Ada", channel: str = "general", wait_s: float = WAIT_S
    ) -> dict[str, Any]:
        """What has become of the command within ``wait_s``."""
        place = self.user(user).id, self.channel(channel)
        return await type_command(self.http, self.local, *place, command, wait_s=wait_s)

    async def sim(self, path: str, **body: Any) -> Any:
        async with self.http.post(f"{self.local.world.cdn_url}/sim/{path}", json=body) as response:
            return None if response.status == 204 else await response.json()

    def person(self, name: str, channel: str = "Standup") -> Speaker:
        """``async with`` it: they are in the voice channel."""
        return in_voice(self.local, self.user(name), self.guild.id, self.channel(channel))

    @asynccontextmanager
    async def process(self, arguments: str, **settings: str) -> AsyncIterator[Process]:
        """``notetaker ARGUMENTS``, with nothing in the environment but these settings. Killed at the end."""
        environment = {
            **settings_for(self.local, self.bot, self.state),
            "SPEECH_ENGINE": "pocketsphinx",  # the same words with and without a model on disk
            **settings,
        }
        process = Process(arguments, self._folder / f"{next(self._processes)}.log", environment)
        await process.launch()
        try:
            yield process
        finally:
            await process.kill()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until the local Discord has something happen after which it holds."""
        async with asyncio.timeout(WAIT_S):
            async for _ in self.local.events.watch(0):
                if holds():
                    return

    async def until_stored(self, name: str, packets: int) -> None:
        """Until the bot has stored so much of what they say; some may still be under way when they fall silent."""
        async with asyncio.timeout(WAIT_S):
            while stored(await self.status(), self.guild, self.user(name)) < packets:  # noqa: ASYNC110 - it announces none
                await asyncio.sleep(POLL_S)

    async def status(self) -> dict[str, Any]:
        """What the bot says of itself."""
        return await asyncio.to_thread(unix_socket.ask, self.state)

    async def typed(self, commands: int) -> None:
        """Until so many commands have been typed since the beginning."""
        async with asyncio.timeout(WAIT_S):
            async for event in self.local.events.watch(0):
                commands -= event["event"] == "interaction"
                if not commands:
                    return

    async def posted(self, count: int, channel: str = "general") -> list[Message]:
        """The bot's messages in the channel, once there are so many."""
        await self.until(lambda: len(self.messages(channel)) >= count)
        return self.messages(channel)
