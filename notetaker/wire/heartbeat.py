"""Heartbeats of the voice websocket: when one is due, and when silence means that the connection is dead."""

import math

MAX_INTERVAL_S = 5.0
"""Discord's own clients beat at least this often to measure latency (discord-userdoccers, Voice Connections)."""
MAX_UNACKED = 3
"""Beats without any answer after which the connection is dead."""


class Heartbeat:
    def __init__(self) -> None:
        self._interval = MAX_INTERVAL_S
        self._due: float | None = None
        self._unacked = 0
        self._sent_at = 0.0
        self._nonce = 0
        self.proved = -math.inf
        """When the beat was sent that has been answered last: what the server had sent until then has come."""
        self.latency: float | None = None
        """Seconds from the newest acknowledged beat to its answer."""

    def start(self, interval_s: float, now: float) -> None:
        """HELLO says how often at least; the first beat is due at once."""
        self._interval = min(max(interval_s, 0.1), MAX_INTERVAL_S)
        self._due = now

    def beat_now(self, now: float) -> None:
        """Makes a beat due at once, to have the connection verified by its answer."""
        self._due = now

    def stop(self) -> None:
        """The websocket is gone; the next HELLO starts anew."""
        self._due = None
        self._unacked = 0

    @property
    def due(self) -> float | None:
        """When the next beat is due; None without a HELLO."""
        return self._due

    @property
    def dead(self) -> bool:
        return self._unacked >= MAX_UNACKED

    def beat(self, now: float) -> int:
        """The nonce of the beat that is sent now."""
        self._unacked += 1
        self._sent_at = now
        self._due = now + self._interval
        self._nonce += 1
        return self._nonce

    def alive(self) -> None:
        """The server has shown that it is there."""
        self._unacked = 0

    def ack(self, nonce: object, now: float) -> bool:
        """Whether ``nonce`` answers the newest beat; an older answer shows life all the same."""
        self.alive()
        if nonce != self._nonce:
            return False
        self.proved = self._sent_at
        self.latency = now - self._sent_at
        return True
