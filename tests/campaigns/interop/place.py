"""The local Discord of a run: an account for every client, a guild for every speaker, in it a channel a variant."""

from __future__ import annotations

from dataclasses import dataclass

from notetaker.discordsim.voice.faults import Faults
from notetaker.discordsim.world.entities import ChannelType, Guild, User
from notetaker.discordsim.world.permissions import Permission
from notetaker.discordsim.world.world import World
from tests.campaigns.interop.client import LISTENERS, SPEAKERS, Kind
from tests.harness.world import channel_id

TEXT_CHANNEL = "notes"

PADDING_BURST = (5, 30)
"""Fewest and most packets. @discordjs/voice takes more than 36 padding-only packets in a row for 36 failures to
decrypt, and starts DAVE again (`decryptionFailureTolerance`)."""

SEED = 5
"""One with which everybody is spared nothing: in every lossy call, packets are lost, late and doubled."""


@dataclass(frozen=True)
class Variant:
    """What is special about a call."""

    name: str
    aes_gcm: bool
    """Both AEAD modes are offered; else only XChaCha20-Poly1305."""
    e2ee: bool
    """DAVE 1, in a voice channel; else DAVE 0, in a stage channel."""
    guest: bool = False
    """Somebody joins and leaves while the speaker speaks."""
    lossy: bool = False
    """2 % of the packets are lost, others arrive late or twice."""

    def disturb(self, faults: Faults) -> None:
        faults.seed = SEED
        faults.padding_burst_packets = PADDING_BURST
        faults.offer_aes_gcm = self.aes_gcm
        faults.loss_chance = 0.02 if self.lossy else 0.0
        faults.delay_chance = 0.05 if self.lossy else 0.0
        faults.duplicate_chance = 0.03 if self.lossy else 0.0


VARIANTS = (
    Variant("AES-GCM, DAVE", aes_gcm=True, e2ee=True, guest=True),
    Variant("XChaCha, DAVE", aes_gcm=False, e2ee=True, guest=True),
    Variant("AES-GCM, stage", aes_gcm=True, e2ee=False, guest=True),
    Variant("XChaCha, stage", aes_gcm=False, e2ee=False, guest=True),
    Variant("lossy, DAVE", aes_gcm=True, e2ee=True, lossy=True),
    Variant("lossy, stage", aes_gcm=False, e2ee=False, lossy=True),
)


class Place:
    """Names for what is in the world. Every run has the same ids, on which the seeded faults depend."""

    def __init__(self) -> None:
        self.world = World()
        with self.world.founding():
            owner = self.world.add_user("owner", "Owner")
            self.bot = self.world.add_bot("Notetaker", owner=owner)
            self._speakers = {kind: self._account(kind, "speaker", owner) for kind in SPEAKERS}
            self._listeners: dict[tuple[Kind, Kind], User] = {}
            self._hosts: dict[Kind, User] = {}
            self._guests: dict[Kind, User] = {}
            self._guilds = {kind: self._guild(kind, owner) for kind in SPEAKERS}

    def speaker(self, kind: Kind) -> User:
        return self._speakers[kind]

    def listener(self, kind: Kind, speaker: Kind) -> User:
        """Who listens in the guild of a speaker."""
        return self._listeners[kind, speaker]

    def host(self, speaker: Kind) -> User:
        """Who types the commands in the guild of a speaker."""
        return self._hosts[speaker]

    def guest(self, speaker: Kind) -> User:
        """Who joins and leaves there."""
        return self._guests[speaker]

    def guild(self, speaker: Kind) -> Guild:
        return self._guilds[speaker]

    def channel(self, speaker: Kind, name: str) -> int:
        return channel_id(self._guilds[speaker], name)

    def _account(self, kind: Kind, role: str, owner: User) -> User:
        name = f"{kind.name}, {role}"
        return self.world.add_bot(name, owner=owner) if kind.is_bot else self.world.add_user(name)

    def _guild(self, kind: Kind, owner: User) -> Guild:
        host = self._hosts[kind] = self.world.add_user(f"host of {kind.name}")
        guest = self._guests[kind] = self.world.add_user(f"guest of {kind.name}")
        guild = self.world.add_guild(kind.name, owner=host)
        listeners = [self._account(other, f"listener to {kind.name}", owner) for other in LISTENERS]
        for other, listener in zip(LISTENERS, listeners, strict=True):
            self._listeners[other, kind] = listener
        for user in (guest, self.bot, self._speakers[kind], *listeners):
            self.world.add_member(guild, user)
        self.world.add_channel(guild, ChannelType.TEXT, TEXT_CHANNEL)
        for variant in VARIANTS:
            channel_type = ChannelType.VOICE if variant.e2ee else ChannelType.STAGE
            channel = self.world.add_channel(guild, channel_type, variant.name)
            # In a stage channel a moderator may speak at once (Discord support, Stage Channels FAQ).
            self.world.overwrite(channel, guild.id, allow=Permission.MUTE_MEMBERS)
        return guild
