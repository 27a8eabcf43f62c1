"""A running local Discord, and an unmodified py-cord bot in it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import discord
import pytest
from aiohttp import ClientSession

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import Guild, User
from tests.harness import world
from tests.harness.people import fill_in, press, type_command
from tests.harness.world import the_bot, the_guild, the_user

DEADLINE_S = 20.0


class Place:
    """A local Discord for tests, by names instead of ids, with the control API for people."""

    def __init__(self, local: LocalDiscord, http: ClientSession) -> None:
        self.local = local
        self.http = http
        self.world = local.world
        self.bot = the_bot(local.world)
        self.office = self.guild("Office")

    def guild(self, name: str) -> Guild:
        return the_guild(self.world, name)

    def user(self, name: str) -> User:
        return the_user(self.world, name)

    def channel_id(self, name: str) -> int:
        return world.channel_id(self.office, name)

    async def sim(self, path: str, **body: Any) -> Any:
        """POST to the control API. Return the JSON answer; None for 204."""
        async with self.http.post(f"{self.world.cdn_url}/sim/{path}", json=body) as response:
            return None if response.status == 204 else await response.json()

    async def use(self, command: str, *, user: str = "Ada", channel: str = "general", **options: Any) -> Any:
        place = self.user(user).id, self.channel_id(channel)
        return await type_command(self.http, self.local, *place, command, options=options, wait_s=5)

    async def press(
        self, message: Any, custom_id: str, *, user: str = "Ada", values: Sequence[str] = ()
    ) -> Any:
        return await press(
            self.http, self.local, self.user(user).id, message, custom_id, values=values, wait_s=5
        )

    async def fill_in(self, shown: Any, **fields: Any) -> Any:
        """Submit the modal that a person was shown."""
        return await fill_in(self.http, self.local, shown, fields, wait_s=5)

    async def sees(self, user: str = "Ada", channel: str = "general") -> list[Any]:
        """Return the messages that a person sees in a channel."""
        query = {"user_id": self.user(user).id, "channel_id": self.channel_id(channel)}
        async with self.http.get(f"{self.world.cdn_url}/sim/messages", params=query) as response:
            return list(await response.json())

    async def typing(
        self, command: str, focused: str, *, user: str = "Ada", channel: str = "general", **options: Any
    ) -> Any:
        """Return the choices for a person who is typing the option ``focused``."""
        return await self.sim(
            "autocomplete",
            user_id=str(self.user(user).id),
            channel_id=str(self.channel_id(channel)),
            command=command,
            options=options,
            focused=focused,
        )

    async def rest(
        self, method: str, path: str, *, user: User | None = None, **kwargs: Any
    ) -> tuple[int, Any]:
        """Make a REST request as a user, by default the bot. Return status and JSON."""
        who = user or self.bot
        headers = {"Authorization": f"Bot {who.token}" if who.bot else who.token}
        url = f"{self.local.api_url}/v10{path}"
        async with self.http.request(method, url, headers=headers, **kwargs) as response:
            return response.status, await response.json() if response.status != 204 else None


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with LocalDiscord(state_dir=tmp_path) as local, ClientSession() as http:
        yield Place(local, http)


RunBot = Callable[[discord.Bot], AbstractAsyncContextManager[None]]


@pytest.fixture
def run_bot(place: Place, monkeypatch: pytest.MonkeyPatch) -> RunBot:
    """Return a context that runs a py-cord bot on the local Discord: it is ready inside, and closed at the end."""
    monkeypatch.setattr(discord.http.Route, "API_BASE_URL", place.local.api_url + "/v10")

    @asynccontextmanager
    async def run(bot: discord.Bot) -> AsyncIterator[None]:
        running = asyncio.ensure_future(bot.start(place.bot.token))
        try:
            async with asyncio.timeout(DEADLINE_S):
                ready = asyncio.ensure_future(bot.wait_until_ready())
                await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    ready.cancel()
                    running.result()
                while any(guild.unavailable for guild in bot.guilds):  # noqa: ASYNC110 - may come after "ready"
                    await asyncio.sleep(0.01)
            yield
        finally:
            await bot.close()
            await asyncio.gather(running, return_exceptions=True)

    return run
