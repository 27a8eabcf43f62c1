"""A person who speaks all the time, and comes back when the connection is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.dave import MakeDave, SpeakerDave
from notetaker.discordsim.speaker.socket import SpeakerError
from notetaker.discordsim.world.entities import User
from tests.campaigns.chaos.truth import Sent, opus, read_opus
from tests.harness.people import in_voice

BREATH = 25
"""Packets of speech between two short silences: half a second."""
AGAIN_S = 0.5


class Talker:
    """`run` it as a task. Speaks from `talk()` on until `hush()`."""

    def __init__(
        self,
        local: LocalDiscord,
        user: User,
        guild_id: int,
        channel_id: int,
        on_sent: Callable[[Sent], None],
        dave: MakeDave = SpeakerDave,
    ) -> None:
        self.user = user
        self.channel_id = channel_id
        self.lost = 0
        """Times that the connection was lost or could not be made."""
        self._local = local
        self._guild_id = guild_id
        self._on_sent = on_sent
        self._make_dave = dave
        self._number = 0
        self._wanted = asyncio.Event()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._here = asyncio.Event()
        self._stay: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self._stay = asyncio.ensure_future(self._speak_until_lost())
                await asyncio.wait({self._stay})
                if not self._stay.cancelled():
                    self._stay.result()
                    self.lost += 1
                    await asyncio.sleep(AGAIN_S)
        finally:
            await self._hang_up()

    async def here(self) -> None:
        """Returns when it is in the channel."""
        await self._here.wait()

    def talk(self) -> None:
        self._wanted.set()

    async def hush(self) -> None:
        """Returns when nothing of it is on its way any more."""
        self._wanted.clear()
        await self._quiet.wait()

    async def go_to(self, channel_id: int) -> None:
        """Leaves, and comes into that channel."""
        self.channel_id = channel_id
        self._here.clear()
        await self._hang_up()
        await self._here.wait()

    async def _hang_up(self) -> None:
        if self._stay is not None:
            self._stay.cancel()
            await asyncio.wait({self._stay})

    async def _speak_until_lost(self) -> None:
        try:
            async with in_voice(
                self._local, self.user, self._guild_id, self.channel_id, self._make_dave
            ) as speaker:
                self._here.set()
                while True:
                    await self._wanted.wait()
                    self._quiet.clear()
                    await speaker.speak([self._next() for _ in range(BREATH)], self._note)
                    self._quiet.set()
        except SpeakerError:
            pass  # counted by `run`, which comes back
        finally:
            self._here.clear()
            self._quiet.set()

    def _next(self) -> bytes:
        self._number += 1
        return opus(self.user.id, self._number)

    def _note(self, frame: bytes) -> None:
        found = read_opus(frame)
        assert found is not None
        self._on_sent(Sent(*found, time.time()))
