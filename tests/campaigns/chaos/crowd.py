"""Twenty people who type /joinvoice and /leavevoice as fast as they can: the last one's command is what counts."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from random import Random

import aiohttp

from notetaker.discordsim.server import LocalDiscord
from tests.campaigns.chaos.fault import Fault
from tests.campaigns.chaos.patience import comes_true
from tests.campaigns.chaos.place import Site
from tests.campaigns.chaos.room import Room
from tests.campaigns.chaos.window import Result
from tests.campaigns.chaos.witness import Witness
from tests.harness.people import in_voice, type_command

HURRY_S = 8.0
"""In which each of them types one command."""
LAST_S = 0.5
"""After all others."""
SETTLED_S = 40.0
ANSWER_S = 90.0


async def _nothing(room: Room) -> None:
    """Nobody takes notes there."""


HURRY = Fault("twenty people join and leave", "", _nothing, within_s=SETTLED_S, takes_s=30.0)


class Crowd:
    def __init__(
        self, local: LocalDiscord, site: Site, witness: Witness, http: aiohttp.ClientSession, random: Random
    ) -> None:
        self._local = local
        self._site = site
        self._witness = witness
        self._http = http
        self._random = random

    async def hurry(self) -> Result:
        """Two people in each of ten channels."""
        result = Result(HURRY, False, where=self._site.guild.name)
        channels = [channel for channel in self._site.voice_channel_ids[:10] for _ in range(2)]
        async with AsyncExitStack() as people:
            for user, channel_id in zip(self._site.people, channels, strict=True):
                speaker = in_voice(self._local, user, self._site.guild.id, channel_id)
                await people.enter_async_context(speaker)
            await self._hurry(channels, result)
        return result

    async def _hurry(self, channels: list[int], result: Result) -> None:
        random = self._random
        commands = [random.choice(("joinvoice", "leavevoice")) for _ in channels]
        *early, last = random.sample(range(len(channels)), len(channels))
        starts = {person: random.uniform(0, HURRY_S) for person in early} | {last: HURRY_S + LAST_S}
        typed = [self._types(person, commands[person], starts[person]) for person in range(len(channels))]
        said = await asyncio.gather(*typed)
        expected = channels[last] if commands[last] == "joinvoice" else None
        result.as_expected = await comes_true(lambda: self._holds(expected), SETTLED_S)
        if not result.as_expected:
            result.wrong.append(
                f"After the last command, /{commands[last]}, the bot should be in {expected} and is in "
                f"{self._where()}; it has {self._witness.websockets(self._site.guild.id)} voice websockets."
            )
        unanswered = sum(not answered for answered in said)
        if unanswered:
            result.wrong.append(f"{unanswered} commands got no answer.")
        result.leaked = max(self._witness.websockets(self._site.guild.id) - (expected is not None), 0)
        await self._types(0, "leavevoice", 0.0)

    def _where(self) -> int | None:
        state = self._site.guild.voice_states.get(self._witness.bot_id)
        return None if state is None else state.channel_id

    def _holds(self, channel_id: int | None) -> bool:
        guild_id = self._site.guild.id
        there = self._witness.websockets(guild_id)
        if channel_id is None:
            return self._where() is None and there == 0
        return self._where() == channel_id and there == 1 and self._witness.attached(guild_id)

    async def _types(self, person: int, command: str, after_s: float) -> bool:
        """Whether there was an answer."""
        await asyncio.sleep(after_s)
        user, channel_id = self._site.people[person], self._site.text_channel_id
        shown = await type_command(self._http, self._local, user.id, channel_id, command, wait_s=ANSWER_S)
        return bool(shown.get("status") == "answered")
