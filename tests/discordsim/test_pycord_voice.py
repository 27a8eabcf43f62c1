"""Referee: unmodified py-cord voice clients join a voice channel of the local Discord, and see each other."""

import asyncio
import gc
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import User
from notetaker.discordsim.world.world import World
from tests.discordsim.conftest import DEADLINE_S
from tests.harness.voice_clients import connect, keep_awake
from tests.harness.world import channel_id, the_bot, the_guild

SILENCE = b"\xf8\xff\xfe"
"""The Opus frame of 20 ms of silence that Discord's docs name."""
PACKETS = 25


class Opus(discord.AudioSource):
    """Ready-made Opus packets, so that py-cord needs no libopus."""

    def __init__(self) -> None:
        self.left = PACKETS

    def read(self) -> bytes:
        self.left -= 1
        return SILENCE if self.left >= 0 else b""

    def is_opus(self) -> bool:
        return True


@pytest.fixture
async def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[LocalDiscord]:
    world = World.demo()
    jukebox = world.add_bot("Jukebox", owner=next(iter(world.users.values())))
    for guild in world.guilds.values():
        world.add_member(guild, jukebox)
    async with LocalDiscord(state_dir=tmp_path, world=world) as discord_:
        monkeypatch.setattr(discord.http.Route, "API_BASE_URL", discord_.api_url + "/v10")
        yield discord_
    with warnings.catch_warnings():
        # py-cord leaves cycles with sockets in them, and not all are closed. They go while their loop still runs.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@asynccontextmanager
async def logged_in(local: LocalDiscord, user: User) -> AsyncIterator[discord.Bot]:
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(local.ca_file)))
    intents = discord.Intents(guilds=True, voice_states=True)
    new: Any = discord.Bot  # py-cord leaves its constructor untyped
    bot: discord.Bot = new(intents=intents, guild_ready_timeout=0.1, connector=connector)
    running = asyncio.ensure_future(bot.start(user.token))
    waking = asyncio.ensure_future(keep_awake())
    try:
        async with asyncio.timeout(DEADLINE_S):
            await bot.wait_until_ready()
        yield bot
    finally:
        await bot.close()
        waking.cancel()
        await asyncio.gather(running, waking, return_exceptions=True)


def pollers() -> list[asyncio.Task[Any]]:
    """The tasks that read py-cord's voice websockets.

    Such a task dies of an AttributeError when a speaker leaves while nobody records (``VoiceClient._remove_ssrc``).
    """
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("voice-ws-poller")]


async def in_standup(bot: discord.Bot, local: LocalDiscord) -> Any:
    office = the_guild(local.world, "Office")
    return await connect(bot, channel_id(office, "Standup"))


async def forwarded(local: LocalDiscord, sender: User, receiver: User, count: int) -> None:
    """Wait until this many packets have been forwarded to the receiver, without a time limit."""

    def so_far() -> int:
        pair = (sender.id, receiver.id)
        entries = [e for e in local.voice.stats() if (e["sender"], e["receiver"]) == pair]
        return sum(int(str(entry["forwarded"])) for entry in entries)

    while so_far() < count:  # noqa: ASYNC110 - counters announce nothing
        await asyncio.sleep(0.02)


async def test_two_clients_join_and_one_is_forwarded_to_the_other(local: LocalDiscord) -> None:
    notetaker, jukebox = (user for user in local.world.users.values() if user.bot)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(logged_in(local, notetaker))
        second = await stack.enter_async_context(logged_in(local, jukebox))
        async with asyncio.timeout(DEADLINE_S):
            listener = await in_standup(first, local)
            speaker = await in_standup(second, local)
            assert listener.is_connected()
            assert speaker.is_connected()
            polling = pollers()
            await _epoch(local, members=2)
            ended = asyncio.Event()
            loop = asyncio.get_running_loop()
            speaker.play(Opus(), after=lambda error: loop.call_soon_threadsafe(ended.set))
            await ended.wait()
            await forwarded(local, jukebox, notetaker, PACKETS)
            await speaker.disconnect()
            await listener.disconnect()
            await asyncio.gather(*polling, return_exceptions=True)
    assert the_guild(local.world, "Office").voice_states == {}


async def _epoch(local: LocalDiscord, *, members: int) -> None:
    """Wait for a DAVE epoch with this many members."""
    async for event in local.events.watch():
        if event["event"] == "dave_epoch" and len(list(event["members"])) == members:  # type: ignore[call-overload]
            return


async def test_a_refused_identify_is_tried_again(local: LocalDiscord) -> None:
    notetaker = the_bot(local.world)
    local.faults.refuse_identify(notetaker.id, code=4006)
    async with logged_in(local, notetaker) as bot, asyncio.timeout(DEADLINE_S):
        client = await in_standup(bot, local)
        assert client.is_connected()
        await client.disconnect()
