"""What goes wrong on purpose in voice, and how irregular the RTP traffic is. The same seed gives the same meeting."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from notetaker.discordsim.voice.protocol import Close
from notetaker.discordsim.voice.script import Armed, Script


class Damage(StrEnum):
    """What happens to a message or a datagram."""

    DISCOVERY_LOST = "discovery_lost"
    """A request of IP discovery is not answered."""
    DISCOVERY_TWICE = "discovery_twice"
    """It is answered twice."""
    AUDIO = "dave_corrupt"
    """The DAVE frame of a packet forwarded to the user is damaged, but not its transport cipher."""
    COMMIT = "dave_invalid_commit"
    """A commit announced to the user (op 29) is damaged."""
    WELCOME = "dave_invalid_welcome"
    """The user's welcome (op 30) is damaged."""
    KEY_PACKAGE = "dave_no_key_package"
    """The user's key package (op 26) is lost, as if its client had no DAVE, so that nobody can add it."""
    READY = "dave_never_ready"
    """The user's op 23 is lost: a transition is executed only when the server stops waiting."""
    SEVERED = "dave_severed"
    """The user's websocket breaks, and the group removes it, which a resume does not undo."""
    SPEAKING_LOST = "speaking_lost"
    """An op 5 about somebody else does not come (discord.js#4364, Discord.Net#3188)."""
    SPEAKING_LATE = "speaking_late"
    """It comes late."""
    SPEAKING_AS_VIDEO = "speaking_as_video"
    """An op 12 comes in its place, whose ``audio_ssrc`` says the same (discord-userdoccers, Receiving Video)."""
    LEFT_LATE = "left_late"
    """The op 13 about the user comes late for everybody, perhaps after the user is back."""
    SSRC_REUSED = "ssrc_reused"
    """The user leaves, and the SSRC goes to the next one to come into that guild."""
    REPLAY_OVERLAP = "replay_overlap"
    """A resume also sends messages again that the user has seen."""


class Step(StrEnum):
    """Where a handshake of the voice gateway can end early."""

    HELLO = "hello"
    """Instead of op 8. The client is not known yet, so it strikes as soon as the user is expected."""
    IDENTIFY = "identify"
    """After op 0, which uses up its token."""
    SELECT = "select"
    """After op 1."""
    HEARTBEAT = "heartbeat"
    """At the first heartbeat after op 4."""
    RESUME = "resume"
    """After op 7. A close code from 4000 up ends the session as well."""


class Direction(StrEnum):
    """Of a user's datagrams."""

    BOTH = "both"
    TO_USER = "to_user"
    FROM_USER = "from_user"


class Probe(StrEnum):
    """What a client sends over UDP to learn whether the server is there. Servers differ in what they answer."""

    KEEPALIVE = "keepalive"
    """Any eight bytes, which some servers send back (discordjs/voice#89)."""
    PING = "ping"
    """Discord's own (discord-userdoccers, Voice Connections)."""
    DISCOVERY = "discovery"
    """IP discovery after op 1."""


class Clock(StrEnum):
    """What is wrong with the RTP timestamps of a sender, which are its own affair (RFC 3550 section 5.1)."""

    CONSTANT = "constant"
    BACKWARDS = "backwards"
    IN_RUNS = "in_runs"
    """Several packets in a row have the same one."""


RUN_TICKS = 5 * 960
"""Of packets of 20 ms with the same timestamp."""


class Silence(Exception):
    """The server must send nothing more on this websocket, and leave it open."""


@dataclass
class Faults:
    """Scripted faults and traffic settings of one voice server. The defaults resemble live traffic.

    A user's faults strike in all guilds unless one is named. ``VoiceServer`` has those that strike a live connection
    at once.
    """

    seed: int = 1
    offer_aes_gcm: bool = True
    """Whether op 2 offers aead_aes256_gcm_rtpsize; Discord may not (docs, "Transport Encryption Modes")."""
    extension_chance: float = 0.95
    """Share of forwarded packets that carry a header extension."""
    extension_words: tuple[int, ...] = (2, 2, 2, 2, 2, 1, 3, 0)
    """Lengths of extensions in 32-bit words, at most 3, as often as they are drawn."""
    padding_chance: float = 0.1
    """Share of forwarded packets with RTP padding (discord.js#11449)."""
    padding_burst_chance: float = 0.005
    """Chance, per forwarded packet, of a burst of padding-only packets right after it (Discord.Net#3262)."""
    padding_burst_packets: tuple[int, int] = (5, 50)
    """Fewest and most packets in such a burst."""
    loss_chance: float = 0.0
    """Share of RTP packets, padding-only ones too, that are lost on the way to a receiver."""
    duplicate_chance: float = 0.0
    """Share of those delivered that arrive twice."""
    delay_chance: float = 0.0
    """Share of those delivered that are overtaken by later ones."""
    script: Script = field(init=False, repr=False, default_factory=Script)
    broken_regions: dict[str | None, int] = field(init=False, repr=False, default_factory=dict)
    """Close code of identifies in channels of a region; None is the automatic region."""
    random: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self._blackholes: dict[Direction, dict[tuple[int, int | None], float]] = {
            way: {} for way in Direction
        }
        self._ignored: set[tuple[int, int | None, Probe]] = set()
        self._broken_senders: dict[tuple[int, int | None], float] = {}
        self._clogged: dict[tuple[int, int | None], float] = {}
        self._odd_clocks: dict[Clock, dict[tuple[int, int | None], float]] = {clock: {} for clock in Clock}
        self._outage_until = 0.0

    def hits(self, chance: float) -> bool:
        return self.random.random() < chance

    # Handshakes

    def refuse_identify(
        self, user_id: int, code: int = 4006, times: int = 1, guild_id: int | None = None
    ) -> None:
        """Close the user's next ``times`` identifies with ``code``. Each uses up its token."""
        self.script.arm(Armed("refuse_identify", user_id, guild_id, times, Step.IDENTIFY, code))

    def close_at(
        self, user_id: int, step: Step, code: int, times: int = 1, guild_id: int | None = None
    ) -> None:
        """Close the user's next ``times`` handshakes at ``step`` with ``code``; 1006 resets the TCP connection."""
        self.script.arm(Armed("close_at", user_id, guild_id, times, step, code))

    def silent_at(self, user_id: int, step: Step, times: int = 1, guild_id: int | None = None) -> None:
        """Send nothing from ``step`` on, in the user's next ``times`` handshakes."""
        self.script.arm(Armed("silent_at", user_id, guild_id, times, step))

    def check(self, step: Step, user_id: int, guild_id: int) -> None:
        """Raise Close or Silence if a fault waits for this step."""
        fault = self.script.strike(user_id, guild_id, "refuse_identify", "close_at", "silent_at", step=step)
        if fault is None:
            return
        if fault.code is None:
            raise Silence
        raise Close(fault.code, "on purpose")

    # DAVE and UDP

    def damage(
        self,
        kind: Damage,
        user_id: int,
        times: int = 1,
        guild_id: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Let this happen to the user the next ``times`` times."""
        self.script.arm(Armed(kind, user_id, guild_id, times, seconds=seconds))

    def blackhole(
        self,
        user_id: int,
        seconds: float,
        guild_id: int | None = None,
        direction: Direction = Direction.BOTH,
    ) -> None:
        """Let no datagram of the user through for this long."""
        self._blackholes[direction][user_id, guild_id] = asyncio.get_running_loop().time() + seconds

    def blackholed(self, user_id: int, guild_id: int, direction: Direction) -> bool:
        """Return whether a datagram that goes in this one direction is lost."""
        ways = (direction, Direction.BOTH)
        return self.outage or any(_lasts(self._blackholes[way], user_id, guild_id) for way in ways)

    def break_sender(self, user_id: int, seconds: float, guild_id: int | None = None) -> None:
        """Let nobody decrypt what the user sends, for this long: its client seals with a wrong key."""
        self._broken_senders[user_id, guild_id] = asyncio.get_running_loop().time() + seconds

    def is_broken_sender(self, user_id: int, guild_id: int) -> bool:
        return _lasts(self._broken_senders, user_id, guild_id)

    def ignore(
        self, user_id: int, probe: Probe, guild_id: int | None = None, *, ignored: bool = True
    ) -> None:
        """Leave the user's probes of this kind unanswered from now on, or no longer."""
        (self._ignored.add if ignored else self._ignored.discard)((user_id, guild_id, probe))

    def ignores(self, user_id: int, guild_id: int, probe: Probe) -> bool:
        return any((user_id, guild, probe) in self._ignored for guild in (guild_id, None))

    # Senders

    def clog(self, user_id: int, seconds: float, guild_id: int | None = None) -> None:
        """Hold back what the user says for this long. Then it comes all at once, in order."""
        self._clogged[user_id, guild_id] = asyncio.get_running_loop().time() + seconds

    def clogged_for(self, user_id: int, guild_id: int) -> float:
        """Return for how many seconds more."""
        if not self._clogged:
            return 0.0
        until = max(self._clogged.get((user_id, guild), 0.0) for guild in (guild_id, None))
        return max(0.0, until - asyncio.get_running_loop().time())

    def set_clock(self, user_id: int, clock: Clock, seconds: float, guild_id: int | None = None) -> None:
        """Give the user's packets such timestamps for this long."""
        self._odd_clocks[clock][user_id, guild_id] = asyncio.get_running_loop().time() + seconds

    def timestamp(self, user_id: int, guild_id: int, timestamp: int) -> int:
        """Return what the user's clock shows in place of this."""
        if _lasts(self._odd_clocks[Clock.CONSTANT], user_id, guild_id):
            return 0
        if _lasts(self._odd_clocks[Clock.BACKWARDS], user_id, guild_id):
            return -timestamp & 0xFFFF_FFFF
        if _lasts(self._odd_clocks[Clock.IN_RUNS], user_id, guild_id):
            return timestamp - timestamp % RUN_TICKS
        return timestamp

    # Everything

    def begin_outage(self, seconds: float) -> None:
        """Accept no connection and let no datagram through, for this long."""
        self._outage_until = asyncio.get_running_loop().time() + seconds

    @property
    def outage(self) -> bool:
        return self._outage_until > 0 and asyncio.get_running_loop().time() < self._outage_until


def _lasts(until: dict[tuple[int, int | None], float], user_id: int, guild_id: int) -> bool:
    """Return whether a fault that strikes a user for some time still does."""
    if not until:
        return False
    now = asyncio.get_running_loop().time()
    return any(until.get((user_id, guild), 0.0) > now for guild in (guild_id, None))
