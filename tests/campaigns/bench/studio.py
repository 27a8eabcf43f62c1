"""A local Discord with people in voice channels. What they say is sealed beforehand, and sent at once.

People join as any client does, over TLS and with DAVE, so that the keys are real. What a receiver then gets looks
like live traffic from Discord: header extension of two words, end-to-end encrypted Opus, the receiver's own
transport key; it comes from the voice server's own UDP socket.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.link import VoiceLink, VoicePlace
from notetaker.discordsim.voice import rtp
from notetaker.discordsim.voice.session import Session
from notetaker.discordsim.world.world import World
from tests.campaigns.bench.sound import talk

EXTENSION = bytes((0x10, 0x2A, 0x90, 0x01)).ljust(8, b"\0")
"""RFC 8285, one-byte headers: audio level and speaking flag, padded to the two words that Discord mostly sends."""
FRAME_TICKS = 960
WAIT_S = 30.0
"""At most, for anything."""


class Frame(NamedTuple):
    """What one person says in 20 ms, encrypted end to end: the same for everyone who hears it."""

    header: bytes
    body: bytes


Tick = list[Frame]
"""What everyone in a channel says in the same 20 ms."""


class Person:
    """Somebody in a voice channel."""

    def __init__(self, link: VoiceLink, session: Session) -> None:
        self.link = link
        self.user_id = session.user_id
        self._session = session
        self._said = 0

    def say(self, frames: int) -> list[Frame]:
        """The next so many frames. Nobody may join or leave the channel before they are heard."""
        assert self.link.dave is not None
        assert self.link.dave.ready
        encrypted = []
        for opus in talk(frames, start=self._session.ssrc * 101 % 2000):
            header = rtp.Header(
                padding=False,
                marker=False,
                payload_type=rtp.PAYLOAD_TYPE_OPUS,
                sequence=self._said & 0xFFFF,
                timestamp=self._said * FRAME_TICKS & 0xFFFFFFFF,
                ssrc=self._session.ssrc,
                extension_words=len(EXTENSION) // 4,
            )
            encrypted.append(Frame(bytes(header), EXTENSION + self.link.dave.encrypt(opus)))
            self._said += 1
        return encrypted


class Studio:
    """``async with`` it. ``local`` is the local Discord, with ``world`` in it; ``folder`` is for everyone's files."""

    def __init__(self, folder: Path, world: World | None = None) -> None:
        self.folder = folder
        self.local = LocalDiscord(state_dir=folder, world=world)
        self.ca_file = self.local.ca_file
        self._people = AsyncExitStack()

    async def __aenter__(self) -> "Studio":
        await self.local.start()
        self._tls = ssl.create_default_context(cafile=str(self.ca_file))
        switchboard = self.local.voice._switchboard
        self._sessions = switchboard._sessions
        transport = switchboard.sfu._transport
        assert transport is not None
        self._socket = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._people.aclose()
        self._socket.close()
        await self.local.stop()

    def allocate(self, guild_id: int, channel_id: int, user_id: int, session_id: str) -> VoicePlace:
        """What the main gateway would tell somebody who joins."""
        token = self.local.voice.allocate(
            guild_id=guild_id, channel_id=channel_id, user_id=user_id, session_id=session_id
        )
        return VoicePlace(guild_id, channel_id, user_id, session_id, self.local.voice.endpoint, token)

    async def person(self, guild_id: int, channel_id: int, user_id: int) -> Person:
        """Joins, and stays until the end."""
        place = self.allocate(guild_id, channel_id, user_id, f"session of {user_id}")
        link = await self._people.enter_async_context(VoiceLink(place, self._tls))
        link.speaking(1)
        return Person(link, self._sessions[guild_id, user_id])

    async def until_in_group(
        self, people: Sequence[Person], guild_id: int, user_ids: Sequence[int], *, settle_s: float = 0.3
    ) -> None:
        """Until these receivers are ready to hear these people, end to end, and nothing is under way any more."""
        sessions = [self._sessions[guild_id, user_id] for user_id in user_ids]
        async with asyncio.timeout(WAIT_S):
            while not (  # noqa: ASYNC110 - sessions announce nothing
                all(person.link.can_be_heard for person in people)
                and all(session.address is not None and session.in_group for session in sessions)
            ):
                await asyncio.sleep(0.05)
        await asyncio.sleep(settle_s)

    def seal(self, guild_id: int, user_id: int, ticks: Sequence[Tick]) -> list[bytes]:
        """The packets for one receiver."""
        key = self._sessions[guild_id, user_id].key
        assert key is not None
        return [key.seal(frame.header, frame.body) for tick in ticks for frame in tick]

    def address(self, guild_id: int, user_id: int) -> tuple[str, int]:
        """Where a receiver's UDP socket is."""
        address = self._sessions[guild_id, user_id].address
        assert address is not None
        return address

    def send(self, packets: Sequence[bytes], address: tuple[str, int]) -> None:
        """Hands them to the kernel."""
        send = self._socket.sendto
        for packet in packets:
            send(packet, address)

    async def send_all(self, packets: Sequence[bytes], address: tuple[str, int], at_once: int) -> None:
        """So many at once, whenever the receiver has emptied its socket.

        Raises RuntimeError when the kernel dropped a packet, KeyError when the receiver has no socket any more.
        """
        port = address[1]
        dropped = udp_sockets()[port].drops
        for at in range(0, len(packets), at_once):
            self.send(packets[at : at + at_once], address)
            async with asyncio.timeout(WAIT_S):
                while udp_sockets()[port].queued:  # noqa: ASYNC110 - the kernel announces nothing
                    await asyncio.sleep(0.0002)
        if (lost := udp_sockets()[port].drops - dropped) > 0:
            raise RuntimeError(
                f"the kernel dropped {lost} packets: the receive buffer is too small for a burst."
            )


def say_together(people: Sequence[Person], ticks: int) -> list[Tick]:
    """What these people say at the same time."""
    return [list(tick) for tick in zip(*(person.say(ticks) for person in people), strict=True)]


class UdpSocket(NamedTuple):
    """What the kernel tells about a UDP socket."""

    queued: int
    """Bytes that wait to be read."""
    drops: int
    """Datagrams thrown away for want of room: ``sk_drops``, the counter that SO_RXQ_OVFL hands to the reader."""


def udp_sockets() -> dict[int, UdpSocket]:
    """All UDP sockets over IPv4 of this machine, by local port (proc(5), /proc/net/udp)."""
    found = {}
    with Path("/proc/net/udp").open(encoding="ascii") as table:
        next(table)
        for line in table:
            fields = line.split()
            port = int(fields[1].rpartition(":")[2], 16)
            found[port] = UdpSocket(int(fields[4].partition(":")[2], 16), int(fields[12]))
    return found
