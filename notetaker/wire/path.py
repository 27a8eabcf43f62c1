"""The way of sound over UDP: whether it still leads to us while the websocket is well.

A firewall may forget our flow, or a NAT may give it another address while the server keeps sending to the one in
opcode 1 (discord-userdoccers, Voice Connections). Packets of sound prove the way. While none comes, we ask: with
Discord's UDP ping, and with IP discovery, which also shows whether the server still sees us at the same address. A
ping alone proves little: its answer comes to wherever we are now, and servers differ in what they answer
(discordjs/voice#89).

Ping: ``13 37 CA FE | u32 number``, answered by ``13 37 F0 0D | the same number`` (discord-userdoccers, Voice
Connections).
"""

from math import inf
from typing import NamedTuple

from notetaker.model.failure import DeadPath
from notetaker.wire import discovery

KEEPALIVE_S = 5.0
"""Most seconds between datagrams of ours: without any, sound stops after five to nine minutes (pycord#3388)."""
LATE_S = 1.0
"""A timer that is later than this was stalled with us, so answers may still wait in the socket."""

_PING, _PONG = b"\x13\x37\xca\xfe", b"\x13\x37\xf0\x0d"
_PING_BYTES = 8
SIGHTINGS = 2
"""How often in a row another address must be seen: one answer may be older than its question."""


class Pace(NamedTuple):
    """How soon a dead path is noticed: ``quiet_s + tries * retry_s`` after the last proof."""

    quiet_s: float
    """Seconds without a proof before the first probe."""
    retry_s: float
    tries: int
    """Probes that must all stay unanswered: UDP loses datagrams."""


SILENT = Pace(5.0, 1.25, 8)
SPEAKING = Pace(1.5, 0.4, 6)
UNHEARD_S = 60.0


class Paces(NamedTuple):
    """How soon a dead path is noticed in every case."""

    silent: Pace = SILENT
    speaking: Pace = SPEAKING
    """While somebody is marked as speaking, or was heard within ``unheard_s``: what we do not hear is lost."""
    unheard_s: float = UNHEARD_S
    """Seconds in which nobody is heard, although somebody has begun to speak and no probe can prove the path."""


PACES = Paces()


class PathWatch:
    """The path of one session. Call ``handle`` when it is ``due``, which first asks for the address of opcode 1."""

    def __init__(self, paces: Paces = PACES) -> None:
        self.due: float | None = None
        """When ``handle`` has something to do; None before ``discover``."""
        self.dead: DeadPath | None = None
        """What the last ``handle`` found."""
        self._paces = paces
        self._pace = paces.silent
        self._ssrc = 0
        self._address: tuple[str, int] | None = None
        self._speaking: set[int] = set()  # user ids
        self._marked = -inf  # when the first of them was marked after anybody was heard
        self._sent = 0.0
        self._pings = self._ponged = 0  # the newest ping, and the newest that was answered
        self._asked = False  # by IP discovery, without an answer so far
        self._answering = False  # the server has answered a probe
        self._unanswered = 0  # probes in a row, the newest included
        self._doubted = 0.0  # when the second of them was sent
        self._sightings = 0  # of another address, in a row
        self._sighted = 0.0  # when the first of them was
        self._reached = 0.0  # when sound could reach us last: it was heard, or our address was still the same
        self._proved = 0.0  # when anything at all from the server reached us last

    def discover(self, ssrc: int, now: float) -> None:
        """Ask for our address until ``begin``."""
        self._ssrc, self.due = ssrc, now

    def begin(self, address: tuple[str, int], now: float) -> None:
        """Start to watch: sound is sent to ``address``."""
        self._address = address
        self._reached = self._proved = self._sent = now
        self.due = now + KEEPALIVE_S

    def established(self, now: float) -> None:
        """Probe at once, to learn whether this server answers."""
        self.due = now

    def mark(self, user_id: int, now: float, heard: float, *, speaking: bool) -> None:
        """Take note that somebody is marked as speaking or not, which is a hint and no more (DSharpPlus#951).

        Who falls silent may stay marked (Discord.Net#3204), so a mark older than ``heard``, when the last authentic
        packet arrived, tells nothing of a silence.
        """
        (self._speaking.add if speaking else self._speaking.discard)(user_id)
        if speaking and self._marked <= heard:
            self._marked = now
        self._set_pace(now, heard)
        if self.due is not None and self._address is not None:
            self.due = min(self.due, max(now, self._sent + self._pace.retry_s))

    def resumed(self) -> None:
        """Forget who was marked: they may have left while nobody could tell us."""
        self._speaking.clear()

    def handle(self, now: float, heard: float, websocket: float) -> list[bytes]:
        """Judge the path, and return the datagrams to send now.

        ``heard`` is when the last authentic packet arrived, ``websocket`` when the last acknowledged heartbeat was
        sent: if that is dead as well, so is the whole network, which another session does not mend.
        """
        if self._address is None:
            self.due = now + discovery.RETRY_S
            return [discovery.request(self._ssrc)]
        self._hear(heard)
        self._set_pace(now, heard)
        if self.due is not None and now > self.due + LATE_S:
            self._unanswered = 0
        self.dead = self._judge(now, heard, websocket)
        pace = self._pace
        quiet_until = self._proved + pace.quiet_s
        keepalive_due = now >= self._sent + KEEPALIVE_S
        again = self._unanswered > 0 or 0 < self._sightings < SIGHTINGS
        quiet = now >= quiet_until or (keepalive_due and now >= heard + pace.quiet_s)
        if not (again or quiet or not self._pings):
            datagrams = [self._ping(now)] if keepalive_due else []
            self.due = min(quiet_until, self._sent + KEEPALIVE_S)
            return datagrams
        self._unanswered += 1
        if self._unanswered == 2:
            self._doubted = now
        undecided = self._answering and self.dead is None
        self.due = now + (pace.retry_s if undecided or self._unanswered <= pace.tries else KEEPALIVE_S)
        self._asked = True
        return [self._ping(now), discovery.request(self._ssrc)]

    def answer(self, data: bytes, now: float) -> bool:
        """Return True if a datagram answers a probe. An answer to nothing changes nothing."""
        if len(data) == _PING_BYTES and data.startswith(_PONG):
            number = int.from_bytes(data[len(_PONG) :], "big")
            if not self._ponged < number <= self._pings:
                return False
            self._ponged = number
            self._answered(now)
            return True
        if self._asked and (seen_as := discovery.parse_response(data, self._ssrc)) is not None:
            self._asked = False
            self._answered(now)
            if seen_as == self._address:
                self._reached, self._sightings = max(now, self._reached), 0
                return True
            self._sightings += 1
            if self._sightings == 1:
                self._sighted = now
            if self._sightings <= SIGHTINGS:
                self.due = now  # to ask again, then to judge
            return True
        return False

    @property
    def doubtful(self) -> bool:
        """The last ``handle`` found a probe unanswered, the first one in a row."""
        return self._unanswered == 2

    @property
    def unproven_since(self) -> float | None:
        """Until when sound could reach us, as far as we know; None while there is no reason to doubt that it can."""
        if self.dead in (DeadPath.MOVED, DeadPath.UNHEARD):
            return self._reached
        if self.dead is not None or (self._answering and self._unanswered > 2):
            return self._proved
        return None

    def _set_pace(self, now: float, heard: float) -> None:
        lively = self._speaking or now < heard + self._paces.unheard_s
        self._pace = self._paces.speaking if lively else self._paces.silent

    def _judge(self, now: float, heard: float, websocket: float) -> DeadPath | None:
        if self._sightings >= SIGHTINGS:
            return DeadPath.MOVED
        if self._answering and self._unanswered >= self._pace.tries and websocket >= self._doubted:
            return DeadPath.SILENT
        unheard = self._speaking and self._marked > heard
        if unheard and now >= max(self._reached, self._marked) + self._paces.unheard_s:
            return DeadPath.UNHEARD
        return None

    def _hear(self, heard: float) -> None:
        if heard > self._proved:
            self._prove(heard)
        if heard > self._reached:
            self._reached = heard
        if heard > self._sighted:
            self._sightings = 0

    def _answered(self, now: float) -> None:
        self._answering = True
        self._prove(now)

    def _prove(self, now: float) -> None:
        self._proved = max(now, self._proved)
        self._unanswered = 0

    def _ping(self, now: float) -> bytes:
        self._sent = now
        self._pings += 1
        return _PING + self._pings.to_bytes(4, "big")
