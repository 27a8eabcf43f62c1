"""Somebody who speaks all the time, and comes back when the connection is lost."""

from __future__ import annotations

import asyncio

from notetaker.discordsim.entities import User
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker import Speaker
from notetaker.discordsim.speaker_socket import SpeakerError
from tests.service.office import SENTENCE

BREATH = SENTENCE[:25]
"""Half a second of speech."""
PAUSE_S = 0.2
AGAIN_S = 0.5


class Talker:
    """`run` it as a task."""

    def __init__(self, local: LocalDiscord, user: User, guild_id: int, channel_id: int) -> None:
        self._local = local
        self._user = user
        self._place = guild_id, channel_id
        self._here = asyncio.Event()
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._stay()
            except SpeakerError:  # an outage
                self._here.clear()
                await asyncio.sleep(AGAIN_S)

    async def here(self) -> None:
        await self._here.wait()

    def talk(self) -> None:
        self._wanted.set()

    def hush(self) -> None:
        self._wanted.clear()

    async def _stay(self) -> None:
        guild_id, channel_id = self._place
        async with Speaker(
            api_url=f"{self._local.api_url}/v10",
            token=self._user.token,
            ca_file=self._local.ca_file,
            guild_id=guild_id,
            channel_id=channel_id,
            name=self._user.display_name,
        ) as speaker:
            self._here.set()
            while True:
                await self._wanted.wait()
                await speaker.speak(BREATH)
                await asyncio.sleep(PAUSE_S)
