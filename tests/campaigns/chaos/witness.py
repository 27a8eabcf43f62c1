"""What only somebody inside the local Discord sees: the datagrams that leave it, and who is connected.

This is the ground truth, so it is taken where the bytes go to the kernel, behind every fault and every count.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections import defaultdict, deque
from typing import Any, cast

from notetaker.discordsim.gateway.session import Session
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.voice.session import Session as VoiceSession
from notetaker.discordsim.world.entities import Json
from tests.campaigns.chaos.truth import Delivered

RTP = struct.Struct(">BBHII")
OPUS = 120
"""Payload type (Discord docs, Voice Connections)."""


class Witness:
    """Sees everything from the moment it is made. `bot_id` is whose sockets are watched."""

    def __init__(self, local: LocalDiscord, bot_id: int) -> None:
        self._voice = local.voice
        self._switchboard = local.voice._switchboard
        self.bot_id = bot_id
        self._delivered: defaultdict[int, list[Delivered]] = defaultdict(list)
        self.strangers: set[str] = set()
        """Main gateway sessions of the bot's account that are not those of the process that is watched."""
        self._commands: deque[float] = deque()
        self._request = local.hub.voice_states.update
        setattr(local.hub.voice_states, "update", self._asked)  # noqa: B010 - mypy: a method is replaced
        sfu = self._switchboard.sfu
        assert sfu._transport is not None
        sfu._transport = cast(asyncio.DatagramTransport, _Tap(sfu._transport, self))

    def take(self, guild_id: int) -> list[Delivered]:
        """What has reached the bot of that guild's sound since the last call."""
        return self._delivered.pop(guild_id, [])

    def websockets(self, guild_id: int) -> int:
        """Voice websockets that the bot has open in that guild, identified or resumed."""
        sessions = (connection._session for connection in self._voice._connections)
        return sum(s is not None and s.guild_id == guild_id and self._is_watched(s) for s in sessions)

    def session(self, guild_id: int) -> int | None:
        """What tells the bot's voice session there from every other one."""
        session = self._switchboard._sessions.get((guild_id, self.bot_id))
        return None if session is None else session.ssrc

    def attached(self, guild_id: int) -> bool:
        """Whether the bot's session there has a websocket, and hears."""
        session = self._switchboard._sessions.get((guild_id, self.bot_id))
        if session is None or not self._is_watched(session):
            return False
        return session.websocket is not None and session.can_hear

    def commands(self, seconds: float) -> int:
        """Times that the bot has joined, moved or left a channel in the last seconds (op 4), all guilds together."""
        while self._commands and self._commands[0] < time.monotonic() - seconds:
            self._commands.popleft()
        return len(self._commands)

    async def _asked(self, session: Session, data: Json) -> None:
        if session.user.id == self.bot_id:
            self._commands.append(time.monotonic())
        await self._request(session, data)

    def leaves(self, data: bytes, address: tuple[str, int]) -> None:
        if len(data) <= RTP.size:
            return
        first, payload_type, sequence, _, ssrc = RTP.unpack_from(data)
        if first >> 6 != 2 or payload_type & 0x7F != OPUS:
            return
        for session in self._switchboard._sessions.values():
            if session.address == address and self._is_watched(session):
                self._delivered[session.guild_id].append(Delivered(ssrc, sequence, time.time()))

    def _is_watched(self, session: VoiceSession) -> bool:
        return session.user_id == self.bot_id and session.allocation.session_id not in self.strangers


class _Tap:
    """The transport of the voice server's UDP socket, with a witness beside it."""

    def __init__(self, transport: asyncio.DatagramTransport, witness: Witness) -> None:
        self._transport = transport
        self._witness = witness

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        self._witness.leaves(data, address)
        self._transport.sendto(data, address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
