"""discord.py or py-cord, whichever this environment has: they share the package name and most of its interface.

The certificate of the voice server comes in through SSL_CERT_FILE, which the runner sets.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import discord
import yarl

from tests.campaigns.interop.clients.protocol import FRAME_S, Order, obey, run, sent
from tests.harness.voice_clients import PY_CORD, connect, keep_awake

DEADLINE_S = 20.0


class Frames(discord.AudioSource):
    """Ready made Opus packets. The player reads the next one just before it sends it."""

    def __init__(self, frames: list[bytes]) -> None:
        self._frames = iter(frames)

    def read(self) -> bytes:
        frame = next(self._frames, b"")
        if frame:
            sent(frame)
        return frame

    def is_opus(self) -> bool:
        return True


class VoiceClient:
    def __init__(self, voice: Any) -> None:
        self._voice = voice

    @property
    def _session(self) -> Any:
        """A `davey.DaveSession`; None in a channel without end-to-end encryption."""
        return self._voice._connection.dave_session

    async def until_encrypted(self) -> None:
        """Neither library says when its group is ready, so it is asked again and again; alone there is none."""
        async with asyncio.timeout(DEADLINE_S):
            while self._session and not self._session.ready and len(self._voice.channel.voice_states) > 1:  # noqa: ASYNC110
                await asyncio.sleep(FRAME_S)

    async def speak(self, frames: list[bytes]) -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._voice.play(Frames(frames), after=lambda error: loop.call_soon_threadsafe(ended.set))
        await ended.wait()

    def dave(self) -> tuple[int, list[str] | None]:
        return self._voice._connection.dave_protocol_version, self._session and self._session.get_user_ids()


async def point_to(api_url: str) -> None:
    """Both have Discord's address in class attributes; discord.py the gateway's too, py-cord asks for that one."""
    route: Any = discord.http.Route
    setattr(route, "API_BASE_URL" if PY_CORD else "BASE", api_url)
    if not PY_CORD:
        async with aiohttp.ClientSession() as http, http.get(f"{api_url}/gateway") as response:
            url = (await response.json())["url"]
        websocket: Any = discord.gateway.DiscordWebSocket
        websocket.DEFAULT_GATEWAY = yarl.URL(url)


async def main(order: Order) -> None:
    await point_to(f"{order.api_url}/v10")
    make: Any = discord.Client
    client = make(intents=discord.Intents(guilds=True, voice_states=True), guild_ready_timeout=0.1)
    async with asyncio.TaskGroup() as tasks:
        background = [tasks.create_task(client.start(order.token))]
        if PY_CORD:
            background.append(tasks.create_task(keep_awake()))
        else:
            await asyncio.sleep(0)  # it forbids waiting before it has begun to log in
        async with asyncio.timeout(DEADLINE_S):
            await client.wait_until_ready()
            voice = await connect(client, order.channel_id)
        speaker = VoiceClient(voice)
        await speaker.until_encrypted()
        await obey(speaker)
        await voice.disconnect()
        for task in background:
            task.cancel()
    await client.close()


if __name__ == "__main__":
    run(main(Order.from_arguments()))
