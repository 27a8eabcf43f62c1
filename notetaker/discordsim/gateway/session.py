"""One main-gateway session: what an identified client is owed, across its connections.

Source: Discord docs, Events / Gateway (resuming, sharding) and Events / Gateway Events.
"""

import asyncio
import json
import zlib
from collections import deque

from notetaker.discordsim.gateway.protocol import NEEDED, NEEDED_IN_DMS, Intent, Op
from notetaker.discordsim.world.entities import Json, User

MAX_REPLAYED = 1000
"""Events kept for a resume. Discord does not publish its figure."""


class Wire:
    """The sending half of one connection: a queue of payloads, compressed when they leave.

    A ``tuple[int, bytes]`` (close code, reason) in the queue closes the connection after everything before it.
    """

    def __init__(self, *, compress: bool) -> None:
        self.queue: asyncio.Queue[Json | tuple[int, bytes]] = asyncio.Queue()
        self._zlib = zlib.compressobj() if compress else None

    def send(self, payload: Json) -> None:
        self.queue.put_nowait(payload)

    def send_op(self, op: Op, data: object) -> None:
        """Queue a message that is no event, and so has no sequence number."""
        self.send({"op": int(op), "s": None, "t": None, "d": data})

    def close(self, code: int, reason: str) -> None:
        self.queue.put_nowait((code, reason.encode()))

    def encode(self, payload: Json) -> str | bytes:
        """Return a text frame, or with zlib-stream one binary frame that ends in 00 00 FF FF."""
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
        self._sent: deque[Json] = deque(maxlen=MAX_REPLAYED)

    def serves(self, guild_id: int) -> bool:
        """Return whether the guild belongs to this session's shard (docs, Gateway / Sharding)."""
        index, count = self.shard
        return (guild_id >> 22) % count == index

    @property
    def serves_dms(self) -> bool:
        return self.shard[0] == 0

    def wants(self, event: str, *, direct: bool = False) -> bool:
        """Return whether the intents allow an event of a guild, or of a DM."""
        needed = (NEEDED_IN_DMS if direct else NEEDED).get(event)
        return needed is None or bool(self.intents & needed)

    def dispatch(self, event: str, data: Json) -> None:
        self.seq += 1
        payload = {"op": int(Op.DISPATCH), "s": self.seq, "t": event, "d": data}
        self._sent.append(payload)
        if self.wire is not None:
            self.wire.send(payload)

    def missed(self, seq: int) -> list[Json] | None:
        """Return the events after ``seq``; None if some of them are no longer kept."""
        events = [payload for payload in self._sent if payload["s"] > seq]
        return events if len(events) == self.seq - seq else None
