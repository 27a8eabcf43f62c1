"""Contender: py-cord's own receive path, ``VoiceClient.start_recording`` with a sink that throws away.

py-cord 2.8.1 warns that its receiving is broken. To let it run at all, the sink has what the receiver asks of sinks
and ``discord.sinks.Sink`` lacks (``is_opus``, ``walk_children``, ``__sink_listeners__``), and the event loop is kept
awake, because packets are handed to it from a thread without waking it. Sinks get Opus: nothing is decoded.
"""

import asyncio
import logging
import os
import ssl
import warnings
from typing import Any

import aiohttp
import discord
from discord.sinks import Sink

from tests.campaigns.bench import child
from tests.harness.voice_clients import connect, keep_awake


class Discard(Sink):
    """Counts what it throws away."""

    __sink_listeners__: tuple[Any, ...] = ()

    def __init__(self, client: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.vc = client
        self.packets = 0

    def is_opus(self) -> bool:
        return True

    def walk_children(self) -> list[Sink]:
        return []

    def write(self, data: Any, user: Any) -> None:
        self.packets += 1


class Receiver:
    def __init__(self, settings: dict[str, str]) -> None:
        discord.http.Route.API_BASE_URL = settings["api_url"] + "/v10"
        tls = ssl.create_default_context(cafile=settings["ca_file"])
        new: Any = discord.Bot  # py-cord leaves its constructor untyped
        self.bot: discord.Bot = new(
            intents=discord.Intents(guilds=True, voice_states=True),
            guild_ready_timeout=0.1,
            connector=aiohttp.TCPConnector(ssl=tls),
        )
        self._settings = settings
        self.sink: Discard | None = None

    async def join(self) -> None:
        await self.bot.wait_until_ready()
        client = await connect(self.bot, int(self._settings["channel_id"]))
        self.sink = Discard(client)
        client.start_recording(self.sink)
        child.say(event="joined")

    @property
    def packets(self) -> int:
        return self.sink.packets if self.sink else 0


async def main() -> None:
    logging.basicConfig(level=logging.CRITICAL)
    warnings.simplefilter("ignore", RuntimeWarning)  # "Voice reception is currently broken"
    settings = child.settings()
    receiver = Receiver(settings)
    measured = child.Round()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(receiver.bot.start(settings["token"]))
        tasks.create_task(keep_awake())
        async for message in child.commands():
            match message:
                case {"do": "join"}:
                    tasks.create_task(receiver.join())
                case {"do": "start"}:
                    measured.start(receiver.packets)
                case {"do": "stop"}:
                    measured.stop(receiver.packets)
        os._exit(0)  # py-cord's threads end with tracebacks


if __name__ == "__main__":
    asyncio.run(main())
