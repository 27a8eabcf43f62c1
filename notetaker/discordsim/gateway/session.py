"""One main-gateway session: what an identified client is owed, across its connections.

Source: Discord docs, Events / Gateway (resuming, sharding, intents) and Events / Gateway Events.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from enum import IntFlag

from notetaker.discordsim.world.entities import Json, User


class Intent(IntFlag):
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_VOICE_STATES = 1 << 7
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_TYPING = 1 << 11
    MESSAGE_CONTENT = 1 << 15


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
KNOWN_INTENTS = (1 << 26) - 1
"""Every bit below 1 << 26 has been given a meaning or been reserved; higher ones are refused with 4013."""

NEEDED: dict[str, Intent] = {
    "GUILD_CREATE": Intent.GUILDS,
    "GUILD_UPDATE": Intent.GUILDS,
    "CHANNEL_CREATE": Intent.GUILDS,
    "CHANNEL_UPDATE": Intent.GUILDS,
    "CHANNEL_DELETE": Intent.GUILDS,
    "THREAD_CREATE": Intent.GUILDS,
    "THREAD_UPDATE": Intent.GUILDS,
    "GUILD_MEMBER_UPDATE": Intent.GUILD_MEMBERS,
    "VOICE_STATE_UPDATE": Intent.GUILD_VOICE_STATES,
    "MESSAGE_CREATE": Intent.GUILD_MESSAGES,
    "MESSAGE_UPDATE": Intent.GUILD_MESSAGES,
    "MESSAGE_DELETE": Intent.GUILD_MESSAGES,
    "TYPING_START": Intent.GUILD_MESSAGE_TYPING,
}
"""Which intent an event needs; what is not here always arrives (docs, Gateway / List of Intents)."""

REPLAYED = 1000
"""Events kept for a resume. Discord does not publish its figure."""


class CloseConnection(Exception):
    """The client broke a rule; `code` is one of Discord's gateway close codes."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Wire:
    """The sending half of one connection: a queue of frames, compressed when they leave.

    Put a `tuple[int, bytes]` (close code, reason) to close the connection after what stands before it.
    """

    def __init__(self, *, compress: bool) -> None:
        self.queue: asyncio.Queue[Json | tuple[int, bytes]] = asyncio.Queue()
        self._zlib = zlib.compressobj() if compress else None

    def send(self, payload: Json) -> None:
        self.queue.put_nowait(payload)

    def close(self, code: int, reason: str) -> None:
        self.queue.put_nowait((code, reason.encode()))

    def encode(self, payload: Json) -> str | bytes:
        """A text frame, or with zlib-stream one binary frame that ends in 00 00 FF FF."""
        body = json.dumps(payload, separators=(",", ":"))
        if self._zlib is None:
            return body
        return self._zlib.compress(body.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)


class Session:
    def __init__(self, session_id: str, user: User, intents: int, shard: tuple[int, int]) -> None:
        self.id = session_id
        self.user = user
        self.intents = Intent(intents)
        self.shard = shard
        self.seq = 0
        self.wire: Wire | None = None
        """None while the client is away; events are kept for its return."""
        self.expiry: asyncio.TimerHandle | None = None
        self._sent: deque[Json] = deque(maxlen=REPLAYED)

    def serves(self, guild_id: int) -> bool:
        """Discord docs, Gateway / Sharding."""
        index, count = self.shard
        return (guild_id >> 22) % count == index

    def wants(self, event: str) -> bool:
        needed = NEEDED.get(event)
        return needed is None or bool(self.intents & needed)

    def dispatch(self, event: str, data: Json) -> None:
        self.seq += 1
        payload = {"op": 0, "s": self.seq, "t": event, "d": data}
        self._sent.append(payload)
        if self.wire is not None:
            self.wire.send(payload)

    def missed(self, seq: int) -> list[Json] | None:
        """The events after `seq`; None if some of them are no longer kept."""
        events = [payload for payload in self._sent if payload["s"] > seq]
        return events if len(events) == self.seq - seq else None
