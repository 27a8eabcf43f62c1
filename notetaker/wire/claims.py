"""Streams whose owner is not known, or seems to be another: when to search for the owner under DAVE, by key.

Opcode 5 is missing in 5 to 10 % of joins (discord.js#4364, Discord.Net#3188), and so may be the opcode 13 before it.
The group then tells: only the owner's key opens a frame (pycord#3168). A search costs one failed decryption per
member, so it is rare and bounded.
"""

from collections.abc import Iterable
from math import inf

from notetaker.wire.dave import DaveGroup, is_encrypted
from notetaker.wire.stream import Stream

FIRST_S = 0.5
"""How long opcode 5 may take after the first packet."""
PAUSE_S = 2.0
"""Minimum time between two searches for the owner of the same stream."""
SPACING_S = 0.1
"""Minimum time between two searches."""
TRIALS = 32
"""Most keys that one search tries: 2 ms."""


class Claims:
    def __init__(self, dave: DaveGroup) -> None:
        self._dave = dave
        self._due: dict[Stream, float] = {}
        self._last = -inf
        self._tried: dict[Stream, tuple[float, set[int]]] = {}  # when, and whose keys since all were

    def wait(self, stream: Stream, now: float) -> None:
        """Note that a packet is held for want of its owner's key."""
        if stream not in self._due:
            tried_at, _ = self._tried.get(stream, (-inf, None))
            self._due[stream] = max(now + FIRST_S, tried_at + PAUSE_S)

    def keys_changed(self) -> None:
        """Note that there are new keys to try, on all streams that wait."""
        self._due = dict.fromkeys(self._due.keys() | self._tried.keys(), -inf)

    def settled(self, stream: Stream) -> None:
        """Note that the stream has an owner, or no packet any more."""
        self._due.pop(stream, None)
        self._tried.pop(stream, None)

    @property
    def waiting(self) -> bool:
        """Whether there is a stream to search for."""
        return bool(self._due)

    @property
    def next_search(self) -> float:
        """When ``search`` has something to do; infinite when it has nothing."""
        return max(min(self._due.values(), default=inf), self._last + SPACING_S)

    def search(self, owners: Iterable[int], now: float) -> tuple[Stream, int] | None:
        """Try keys on the stream that has waited longest. Return it and the user whose key opens its newest frame.

        ``owners``, who have other streams, are tried last.
        """
        if not self._due or now < self.next_search:
            return None
        stream = min(self._due, key=self._due.__getitem__)
        del self._due[stream]
        self._last = now
        _, tried = self._tried.get(stream, (now, set()))
        self._tried[stream] = now, tried
        frame = next((one.payload for one in reversed(stream.held) if is_encrypted(one.payload)), None)
        if frame is None:
            return None
        keyed, busy = self._dave.keyed, {*owners}
        users = sorted(keyed, key=lambda user_id: (user_id in tried, user_id in busy, user_id))[:TRIALS]
        tried.update(users)
        if tried >= keyed:
            tried.clear()
        return next(((stream, user_id) for user_id in users if self._dave.opens(user_id, frame)), None)
