"""Heartbeats of the voice websocket: when the next one is due, and when the connection counts as dead."""

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
        """When the last acknowledged beat was sent. Everything that the server sent before has arrived."""
        self.latency: float | None = None
        """Seconds between the newest acknowledged beat and its answer."""

    def start(self, interval_s: float, now: float) -> None:
        """Begin to beat at least as often as HELLO says. The first beat is due at once."""
        self._interval = min(max(interval_s, 0.1), MAX_INTERVAL_S)
        self._due = now

    def beat_now(self, now: float) -> None:
        """Make a beat due at once, so that its answer verifies the connection."""
        self._due = now

    def stop(self) -> None:
        """Stop beating until the next HELLO, because the websocket is gone."""
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
        """Return the nonce of the beat that is sent now."""
        self._unacked += 1
        self._sent_at = now
        self._due = now + self._interval
        self._nonce += 1
        return self._nonce

    def alive(self) -> None:
        """Note that the server is alive."""
        self._unacked = 0

    def ack(self, nonce: object, now: float) -> bool:
        """Return True if ``nonce`` answers the newest beat. An older answer is a sign of life too."""
        self.alive()
        if nonce != self._nonce:
            return False
        self.proved = self._sent_at
        self.latency = now - self._sent_at
        return True
