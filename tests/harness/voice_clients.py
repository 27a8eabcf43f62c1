"""How users of py-cord and discord.py get into a voice channel, whatever the machine is busy with."""

import asyncio
from typing import Any

import discord

PY_CORD: bool = discord.__title__ == "pycord"
if PY_CORD:
    from discord.voice import VoiceClient
else:
    from discord import VoiceClient


class _VoiceClient(VoiceClient):
    """py-cord's, which begins when its thread has begun.

    A thread that comes late to ``SocketReader.run`` (py-cord 2.8.1) pauses itself for good, and IP discovery with it.
    """

    async def connect(self, **options: Any) -> None:
        reader: Any = self._connection._socket_reader
        while reader._idle_paused:  # noqa: ASYNC110 - until it has paused itself
            await asyncio.sleep(0.001)
        await super().connect(**options)


async def keep_awake() -> None:
    """py-cord hands the answer of IP discovery over from a thread without waking the loop (`get_ip_packet`)."""
    while True:  # noqa: ASYNC110 - nothing is waited for
        await asyncio.sleep(0.005)


async def connect(client: Any, channel_id: int) -> Any:
    """The library's voice client, connected. "Ready" of either library does not wait for a guild that comes late."""
    while (channel := client.get_channel(channel_id)) is None:  # noqa: ASYNC110 - "ready" has been announced
        await asyncio.sleep(0.01)
    return await (channel.connect(cls=_VoiceClient) if PY_CORD else channel.connect())
