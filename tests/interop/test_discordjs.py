"""Referees: discord.js on the main gateway and REST, and two clients of @discordjs/voice in one call."""

import asyncio
import json
import random
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from notetaker.discordsim.entities import Channel, User, VoiceState
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world import World
from tests.interop.client import DISCORD_JS, NODE, NODE_CLIENT, Client
from tests.interop.clients.protocol import digest

pytestmark = pytest.mark.skipif(
    not DISCORD_JS.is_installed, reason="discord.js is not installed; scripts/interop installs it"
)

REFEREE = NODE_CLIENT.with_name("gateway.mjs")
DEADLINE_S = 60.0
FRAMES = 100
CHECKS = 24


class Office:
    """The demo world with a second bot, and Ben in a voice channel from the start."""

    def __init__(self) -> None:
        self.world = World.demo()
        self.guild = next(guild for guild in self.world.guilds.values() if guild.name == "Office")
        self.notetaker = self.user("Notetaker")
        self.jukebox = self.world.add_bot("Jukebox", owner=self.user("Ada"))
        self.world.add_member(self.guild, self.jukebox)
        ben = VoiceState(self.guild.id, self.user("Ben").id, self.channel("Planning").id, "elsewhere")
        self.world.enter_voice(ben)

    def user(self, name: str) -> User:
        return next(user for user in self.world.users.values() if user.display_name == name)

    def channel(self, name: str) -> Channel:
        return next(channel for channel in self.guild.channels.values() if channel.name == name)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
async def local(office: Office, tmp_path: Path) -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord(state_dir=tmp_path, world=office.world) as discord:
        yield discord


async def test_discordjs_finds_what_it_expects_of_discord(office: Office, local: LocalDiscord) -> None:
    order = json.dumps({"api_url": local.api_url, "token": office.notetaker.token})
    process = await asyncio.create_subprocess_exec(
        NODE, REFEREE, order, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(DEADLINE_S):
        said, log = await process.communicate()
    checks: list[Any] = [json.loads(line) for line in said.splitlines()]
    assert [check for check in checks if not check["ok"]] == [], log.decode()
    assert process.returncode == 0, log.decode()
    assert len(checks) == CHECKS


@pytest.mark.parametrize("aes_gcm", [True, False], ids=["AES-GCM", "XChaCha"])
@pytest.mark.parametrize(
    ("channel", "dave"), [("Standup", True), ("All hands", False)], ids=["DAVE", "stage"]
)
async def test_discordjs_hears_what_discordjs_says(
    office: Office, local: LocalDiscord, tmp_path: Path, channel: str, dave: bool, aes_gcm: bool
) -> None:
    local.faults.offer_aes_gcm = aes_gcm
    spare_discordjs(local)
    dice = random.Random(1)
    frames = [b"\xfc" + dice.randbytes(dice.randint(2, 160)) for _ in range(FRAMES)]

    def client(user: User, role: str) -> Client:
        order = {
            "api_url": local.api_url,
            "ca_file": str(local.ca_file),
            "token": user.token,
            "user_id": str(user.id),
            "guild_id": str(office.guild.id),
            "channel_id": str(office.channel(channel).id),
            "role": role,
        }
        return Client(DISCORD_JS, order, tmp_path / f"{role}.log")

    listener, speaker = client(office.notetaker, "listener"), client(office.jukebox, "speaker")
    async with asyncio.timeout(DEADLINE_S), listener, speaker:
        both = {office.notetaker.id, office.jukebox.id}
        assert await listener.members() == (both if dave else None)
        assert await speaker.members() == (both if dave else None)
        await speaker.speak(frames)
        while len(listener.heard(office.jukebox.id)) < FRAMES:  # noqa: ASYNC110 - the deadline bounds it
            await asyncio.sleep(0.02)
    assert speaker.sent == [digest(frame) for frame in frames]
    assert listener.heard(office.jukebox.id) == speaker.sent


def spare_discordjs(local: LocalDiscord) -> None:
    """Leave out what @discordjs/voice 0.19.2 is known to stumble over, so that every packet sent must be heard.

    It takes a packet that is nothing but padding for speech unless a header extension comes first (`parsePacket`),
    and starts its DAVE session over after more than 36 undecryptable packets in a row, empty ones among them
    (`DAVESession.decrypt`).
    """
    local.faults.extension_chance = 1.0
    local.faults.extension_words = (1, 2, 2, 3)
    local.faults.padding_burst_packets = (5, 30)
