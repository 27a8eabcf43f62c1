"""Somebody who speaks all the time, and comes back when the connection is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from notetaker.discordsim.speaker.socket import SpeakerError
from tests.harness.office import SENTENCE, Office

BREATH = SENTENCE[:25]
"""Half a second of speech."""
PAUSE_S = 0.2
AGAIN_S = 0.5


class Talker:
    """In the office, while `present()`."""

    def __init__(self, office: Office, name: str) -> None:
        self._office = office
        self._name = name
        self._here = asyncio.Event()
        self._wanted = asyncio.Event()

    @asynccontextmanager
    async def present(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            coming_back = tasks.create_task(self._come_back())
            yield
            coming_back.cancel()

    async def here(self) -> None:
        await self._here.wait()

    def talk(self) -> None:
        self._wanted.set()

    def hush(self) -> None:
        self._wanted.clear()

    async def _come_back(self) -> None:
        while True:
            try:
                await self._stay()
            except SpeakerError:  # an outage
                self._here.clear()
                await asyncio.sleep(AGAIN_S)

    async def _stay(self) -> None:
        async with self._office.person(self._name) as speaker:
            self._here.set()
            while True:
                await self._wanted.wait()
                await speaker.speak(BREATH)
                await asyncio.sleep(PAUSE_S)
