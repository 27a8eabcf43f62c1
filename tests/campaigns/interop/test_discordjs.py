"""Referees: discord.js on the main gateway and REST, and two clients of @discordjs/voice in one call."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import Channel, User
from tests.campaigns.interop.client import DISCORD_JS, Client
from tests.campaigns.interop.clients.protocol import digest
from tests.campaigns.interop.gateway import CHECKS, HEARTBEAT_MS, Office, judge

pytestmark = pytest.mark.skipif(
    not DISCORD_JS.is_installed, reason="discord.js is not installed; scripts/interop installs it"
)

DEADLINE_S = 60.0
FRAMES = 100


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
async def local(office: Office, tmp_path: Path) -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord(state_dir=tmp_path, world=office.world, heartbeat_ms=HEARTBEAT_MS) as discord:
        yield discord


async def test_discordjs_finds_what_it_expects_of_discord(tmp_path: Path) -> None:
    judgement = await judge(tmp_path)
    assert judgement.wrong == []
    assert judgement.checks == CHECKS


class Call:
    """A listener and a speaker of @discordjs/voice in a channel."""

    def __init__(self, office: Office, local: LocalDiscord, folder: Path, channel: str) -> None:
        self._office = office
        self._local = local
        self._folder = folder
        self._channel = office.channel(channel)
        self.listener = self._client(office.notetaker, "listener")
        self.speaker = self._client(office.jukebox, "speaker")

    def connected(self, role: str) -> int:
        """How often its voice connection has come up."""
        return self._log(role).read_text().count("connecting -> ready")

    @property
    def heard(self) -> list[str]:
        return self.listener.heard(self.speaker.user_id)

    async def everything_heard(self, packets: int = FRAMES) -> None:
        while len(self.heard) < packets:  # noqa: ASYNC110 - whoever calls bounds it
            await asyncio.sleep(0.02)

    async def in_one_group(self) -> None:
        """Until each sees both in its DAVE group; whoever calls bounds it."""
        both = {self.listener.user_id, self.speaker.user_id}
        for client in (self.listener, self.speaker):
            while await client.members() != both:  # noqa: ASYNC110 - it is told by nobody
                await asyncio.sleep(0.02)

    def _log(self, role: str) -> Path:
        return self._folder / f"{role}.log"

    def _client(self, user: User, role: str) -> Client:
        order = {
            "api_url": self._local.api_url,
            "ca_file": str(self._local.ca_file),
            "token": user.token,
            "user_id": str(user.id),
            "guild_id": str(self._office.guild.id),
            "channel_id": str(self._channel.id),
            "role": role,
        }
        return Client(DISCORD_JS, order, self._log(role))


def speech() -> list[bytes]:
    """In the shape of Opus: nobody decodes it."""
    dice = random.Random(1)
    return [b"\xfc" + dice.randbytes(dice.randint(2, 160)) for _ in range(FRAMES)]


@pytest.mark.parametrize("aes_gcm", [True, False], ids=["AES-GCM", "XChaCha"])
@pytest.mark.parametrize(
    ("channel", "dave"), [("Standup", True), ("All hands", False)], ids=["DAVE", "stage"]
)
async def test_every_packet_sent_is_heard(
    office: Office, local: LocalDiscord, tmp_path: Path, channel: str, dave: bool, aes_gcm: bool
) -> None:
    local.faults.offer_aes_gcm = aes_gcm
    spare_discordjs(local)
    call, frames = Call(office, local, tmp_path, channel), speech()
    async with asyncio.timeout(DEADLINE_S), call.listener, call.speaker:
        if dave:
            await call.in_one_group()
        else:
            assert await call.listener.members() is None
        await call.speaker.speak(frames)
        await call.everything_heard()
    assert call.speaker.sent == [digest(frame) for frame in frames]
    assert call.heard == call.speaker.sent


async def test_a_speaker_cut_off_resumes_and_loses_nothing(
    office: Office, local: LocalDiscord, tmp_path: Path
) -> None:
    spare_discordjs(local)
    call, frames = Call(office, local, tmp_path, "Standup"), speech()
    async with asyncio.timeout(DEADLINE_S), call.listener, call.speaker:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(call.speaker.speak(frames))
            await call.everything_heard(FRAMES // 4)
            local.voice.cut(call.speaker.user_id)
        await call.everything_heard()
    assert call.speaker.sent == [digest(frame) for frame in frames]
    assert call.heard == call.speaker.sent
    assert call.connected("speaker") == 2
    assert identified(local) == 2


async def test_a_listener_cut_off_resumes_and_goes_on(
    office: Office, local: LocalDiscord, tmp_path: Path
) -> None:
    """In a pause: while it resumes, @discordjs/voice 0.19.2 leaves out end-to-end decryption (`parsePacket`)."""
    spare_discordjs(local)
    call, frames = Call(office, local, tmp_path, "Standup"), speech()
    async with asyncio.timeout(DEADLINE_S), call.listener, call.speaker:
        await call.speaker.speak(frames[: FRAMES // 2])
        await call.everything_heard(FRAMES // 2)
        local.voice.cut(call.listener.user_id)
        while call.connected("listener") < 2:  # noqa: ASYNC110 - the deadline bounds it
            await asyncio.sleep(0.02)
        await call.speaker.speak(frames[FRAMES // 2 :])
        await call.everything_heard()
    assert call.heard == call.speaker.sent == [digest(frame) for frame in frames]
    assert identified(local) == 2


async def test_clients_moved_to_another_channel_go_on_there(
    office: Office, local: LocalDiscord, tmp_path: Path
) -> None:
    spare_discordjs(local)
    call, frames = Call(office, local, tmp_path, "Standup"), speech()
    async with asyncio.timeout(DEADLINE_S), call.listener, call.speaker:
        await call.speaker.speak(frames[: FRAMES // 2])
        await call.everything_heard(FRAMES // 2)
        for user in (office.notetaker, office.jukebox):
            local.hub.voice_states.move(office.guild.id, user.id, office.channel("Board room").id)
        await begun(local, office.channel("Board room"))
        await call.in_one_group()
        await call.speaker.speak(frames[FRAMES // 2 :])
        await call.everything_heard()
    assert call.heard == call.speaker.sent == [digest(frame) for frame in frames]


async def begun(local: LocalDiscord, channel: Channel) -> None:
    """Until there is a DAVE group in the channel; whoever calls bounds it."""
    async for event in local.events.watch():
        if (event["event"], event.get("channel_id")) == ("dave_epoch", str(channel.id)):
            return


def identified(local: LocalDiscord) -> int:
    """How often a voice session was begun: a resume begins none."""
    return sum(event["event"] == "voice_identified" for event in local.events.since(0))


def spare_discordjs(local: LocalDiscord) -> None:
    """Leave out what @discordjs/voice 0.19.2 is known to stumble over, so that every packet sent must be heard.

    It takes a packet that is nothing but padding for speech unless a header extension comes first (`parsePacket`),
    and starts its DAVE session over after more than 36 undecryptable packets in a row, empty ones among them
    (`DAVESession.decrypt`).
    """
    local.faults.extension_chance = 1.0
    local.faults.extension_words = (1, 2, 2, 3)
    local.faults.padding_burst_packets = (5, 30)
