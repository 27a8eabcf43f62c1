"""One user's stay in a voice channel. It outlives a websocket: a resume attaches another one."""

import json
import struct
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from notetaker.discordsim.voice.aead import TransportKey
from notetaker.discordsim.voice.protocol import Close, Op

MAX_REPLAYED = 256
"""Messages kept for a resume. Discord does not publish its figure."""
OVERLAP = 16
"""Messages that the client has seen and a fault sends again."""


class Websocket(Protocol):
    """A websocket as sessions see it."""

    user_id: int | None
    guild_id: int | None

    def send(self, frame: str | bytes) -> None: ...

    def send_unnumbered(self, op: Op, body: object) -> None: ...

    def close(self, close: Close) -> None: ...


class Replay:
    """Numbers messages (16 bits, shared by JSON and binary ones), and keeps the unacknowledged ones."""

    def __init__(self, last: int = 0) -> None:
        self._kept: deque[tuple[int, str | bytes]] = deque(maxlen=MAX_REPLAYED)
        self._seen: deque[str | bytes] = deque(maxlen=OVERLAP)
        self._last = last

    def next_number(self) -> int:
        self._last = (self._last + 1) & 0xFFFF
        return self._last

    def keep(self, frame: str | bytes) -> None:
        self._kept.append((self._last, frame))

    def acknowledge(self, number: int) -> None:
        """Forget ``number`` and everything before it: the client has seen them (seq_ack of a heartbeat)."""
        if any(number == kept for kept, _ in self._kept):
            while self._kept:
                kept, frame = self._kept.popleft()
                self._seen.append(frame)
                if kept == number:
                    break

    def again(self, number: int) -> list[str | bytes]:
        """Return the last messages up to ``number``, which the client has seen."""
        self.acknowledge(number)
        return list(self._seen)

    def after(self, number: int) -> list[str | bytes] | None:
        """Return the messages after ``number`` (-1: all of them); None if some are no longer kept."""
        seen = max(number, 0)
        if seen == self._last:
            return []
        numbers = [kept for kept, _ in self._kept]
        first_unseen = (seen + 1) & 0xFFFF
        if first_unseen not in numbers:
            return None
        return [frame for _, frame in self._kept][numbers.index(first_unseen) :]


@dataclass(frozen=True)
class Allocation:
    """A place in a voice channel that the main gateway gave a user, with the token that proves it."""

    guild_id: int
    channel_id: int
    user_id: int
    session_id: str
    token: str
    e2ee: bool
    region: str | None = None

    @property
    def proof(self) -> tuple[int, str, str]:
        """What a client must know to resume the session."""
        return self.guild_id, self.session_id, self.token


Event = dict[str, object]
"""Something that happened, for the event log: its name as ``event``, and its fields."""


class Session:
    def __init__(self, allocation: Allocation, ssrc: int) -> None:
        self.guild_id = allocation.guild_id
        self.channel_id = allocation.channel_id
        self.user_id = allocation.user_id
        self.allocation = allocation
        self.ssrc = ssrc
        self.websocket: Websocket | None = None
        self.key: TransportKey | None = None
        self.address: tuple[str, int] | None = None
        """Where its audio is sent, from op 1."""
        # The client's own address, behind a NAT that gave it another one.
        self._inside: tuple[str, int] | None = None
        self._outside: tuple[str, int] | None = None
        self.speaking: int | None = None
        """Bit mask of its last op 5. None before the first one, when it neither hears nor is heard."""
        self.in_group = False
        self.proven = False
        """Whether a heartbeat came after op 4."""
        self.replay = Replay()

    @property
    def can_hear(self) -> bool:
        return self.key is not None and self.address is not None and self.speaking is not None

    def rebind(self) -> bool:
        """Let a NAT give the client's datagrams another port. Return False if it has not selected a protocol.

        Audio goes to the address in op 1 all the same (discord-userdoccers, Voice Connections, IP Discovery).
        """
        before = self._outside or self.address
        if before is None:
            return False
        self._inside = self._inside or before
        self._outside = before[0], before[1] % 0xFFFF + 1
        return True

    def sends_from(self, address: tuple[str, int]) -> bool:
        return address == (self._inside or self.address)

    def seen_at(self, address: tuple[str, int]) -> tuple[str, int]:
        """Return where the server sees a datagram come from that the client sent from ``address``."""
        return self._outside if self._outside and address == self._inside else address

    @property
    def destination(self) -> tuple[str, int] | None:
        """Where its audio arrives; None: nowhere, because the NAT has forgotten the address in op 1."""
        if self._outside is None:
            return self.address
        return self._inside if self.address == self._outside else None

    def send(self, op: int, body: object) -> None:
        """Send a numbered message, binary if ``body`` is bytes, else JSON. It is kept for a resume."""
        number = self.replay.next_number()
        frame: str | bytes
        if isinstance(body, bytes):
            frame = struct.pack(">HB", number, op) + body
        else:
            frame = json.dumps({"op": int(op), "d": body, "seq": number})
        self.replay.keep(frame)
        if self.websocket:
            self.websocket.send(frame)

    def event(self, name: str, **fields: object) -> Event:
        """Return an event about this session."""
        place = {"guild_id": self.guild_id, "channel_id": self.channel_id, "user_id": self.user_id}
        return {"event": name, **place, **fields}

    def close(self, close: Close) -> None:
        if self.websocket:
            self.websocket.close(close)
            self.websocket = None
