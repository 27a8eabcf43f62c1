"""The referee of the main gateway and REST: discord.js does what bots do, and looks at what comes of it."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import Channel, User, VoiceState
from notetaker.discordsim.world.world import World
from tests.campaigns.interop.client import NODE, NODE_CLIENT, ClientFailed
from tests.harness.world import the_guild, the_user

REFEREE = NODE_CLIENT.with_name("gateway.mjs")
CHECKS = 42
DEADLINE_S = 60.0
HEARTBEAT_MS = 2000
"""Short, so that some are seen; discord.js sends the first after a random part of it."""


class Office:
    """The demo world with a second bot, and Ben in a voice channel from the start."""

    def __init__(self) -> None:
        self.world = World.demo()
        self.guild = the_guild(self.world, "Office")
        self.notetaker = self.user("Notetaker")
        self.jukebox = self.world.add_bot("Jukebox", owner=self.user("Ada"))
        self.world.add_member(self.guild, self.jukebox)
        ben = VoiceState(self.guild.id, self.user("Ben").id, self.channel("Planning").id, "elsewhere")
        self.world.enter_voice(ben)

    def user(self, name: str) -> User:
        return the_user(self.world, name)

    def channel(self, name: str) -> Channel:
        return next(channel for channel in self.guild.channels.values() if channel.name == name)


@dataclass(frozen=True)
class Judgement:
    checks: int
    """Made, of CHECKS."""
    wrong: list[str]

    @property
    def holds(self) -> bool:
        return self.checks == CHECKS and not self.wrong


async def judge(folder: Path) -> Judgement:
    """Raises ClientFailed when the referee does not come to an end. `folder` takes what is written."""
    office = Office()
    async with LocalDiscord(state_dir=folder, world=office.world, heartbeat_ms=HEARTBEAT_MS) as local:
        order = json.dumps({"api_url": local.api_url, "token": office.notetaker.token})
        with (folder / "gateway.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                NODE, REFEREE, order, stdin=DEVNULL, stdout=PIPE, stderr=log
            )
        try:
            async with asyncio.timeout(DEADLINE_S):
                said, _ = await process.communicate()
        except TimeoutError as error:
            process.kill()
            await process.wait()
            raise ClientFailed(f"discord.js: its checks did not end within {DEADLINE_S:g} s.") from error
    checks = [json.loads(line) for line in said.splitlines()]
    wrong = [f"discord.js, {check['check']}: {check['detail']}" for check in checks if not check["ok"]]
    if process.returncode != 0 and not wrong:
        wrong = [f"discord.js ended with exit code {process.returncode}; see {folder / 'gateway.log'}."]
    return Judgement(len(checks), wrong)
