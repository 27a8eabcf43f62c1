"""How voice is doing: what a person asks for with /voicestatus, and what metrics are made of."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from notetaker.model.failure import Failure
from notetaker.model.outcome import Coverage, Outcome


class VoicePhase(StrEnum):
    """What a guild's voice is doing. But for IDLE, the bot is wanted in a channel."""

    IDLE = "idle"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RESUMING = "resuming"
    """The websocket was lost and is being resumed; sound goes on arriving."""
    WAITING = "waiting"
    """A round of attempts has failed; the next one comes with the next voice activity or health check."""


@dataclass(frozen=True, slots=True)
class GuildVoiceStatus:
    guild_id: int
    phase: VoicePhase
    wanted: int | None
    """The channel that the bot is to be in."""
    connected_to: int | None
    """The channel of the live connection."""
    phase_s: float
    """Seconds since the phase began."""
    attempt: int = 0
    """Number of the attempt that is being made, from 1; 0 when none is."""
    next_try_s: float | None = None
    """Seconds until the next round begins at the latest, when WAITING."""
    failure: Failure | None = None
    """Of the last round of attempts; None once connected again."""
    endpoint: str | None = None
    mode: str | None = None
    """Transport encryption."""
    dave_version: int = 0
    latency_s: float | None = None
    """Of the voice websocket: from heartbeat to acknowledgement."""
    deafened: bool = False
    """A moderator has server-deafened the bot: Discord sends it no sound."""
    recording: bool = False
    """What is heard is recorded, for a meeting."""
    coverage: tuple[Coverage, ...] = ()
    """Per speaker, over all sessions of the current recording, or since the last one."""


FIRST_PACKET_BUCKETS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, inf)
FIRST_PACKETS_KEPT = 1000


@dataclass(slots=True)
class VoiceTotals:
    """Counts since the process began, over all guilds."""

    attempts: int = 0
    """To connect, the first ones and those to take up again what was lost."""
    established: int = 0
    """Attempts that succeeded."""
    failures: Counter[str] = field(default_factory=Counter)
    """Attempts that failed, by ``failure.Step``."""
    timeouts: Counter[str] = field(default_factory=Counter)
    """Those of them that ran into a deadline, by step."""
    retries: int = 0
    """Attempts that were not the first one of their round."""
    rounds_failed: int = 0
    close_codes: Counter[int] = field(default_factory=Counter)
    """Of voice websockets, whenever the server closed one; 1006 stands for one that was cut."""
    last_close_ns: dict[int, int] = field(default_factory=dict)
    """When each of them came last, Unix ns."""
    resumes: int = 0
    """Sessions that went on over a new websocket."""
    resumes_failed: int = 0
    """Lost websockets that could not be resumed: a new session was needed."""
    disconnected_s: float = 0.0
    """Seconds without a session while one was wanted."""
    first_packet_s: list[float] = field(default_factory=list)
    """Seconds from the start of an attempt to the first packet of sound, of the latest sessions."""
    first_packet_buckets: Counter[float] = field(default_factory=Counter)
    """All sessions, by the first of FIRST_PACKET_BUCKETS_S that is not below that time."""
    first_packet_sum_s: float = 0.0
    packets: Counter[Outcome] = field(default_factory=Counter)
    """Every packet that reached the socket, by what became of it."""
    stored: int = 0
    """Heard packets that a recording stored."""
    lost: int = 0
    """Packets that never reached the socket."""
    dave_invalid: int = 0
    """MLS commits and welcomes that could not be processed."""
    dave_recoveries: int = 0
    """Times that the group was asked to be created anew (opcode 31)."""
    undecryptable_runs: int = 0
    """Times that many frames of a speaker in a row were refused although there was a key."""
    malformed_messages: int = 0
    """Of voice gateways: those that could not be understood."""
    udp_errors: int = 0
    """Sends and receives that failed: the network told that the voice server is unreachable."""
    health_checks: int = 0
    ghosts: int = 0
    """Voice states of ours, left behind by a dead process or session, that were cleaned up."""

    def add_first_packet(self, seconds: float) -> None:
        """Counts a session by its time to the first packet."""
        self.first_packet_s.append(seconds)
        del self.first_packet_s[:-FIRST_PACKETS_KEPT]
        self.first_packet_buckets[next(b for b in FIRST_PACKET_BUCKETS_S if seconds <= b)] += 1
        self.first_packet_sum_s += seconds

    @property
    def success_rate(self) -> float | None:
        """Of the attempts that have ended, from 0 to 1; None before the first one has."""
        ended = self.established + self.failures.total()
        return self.established / ended if ended else None

    @property
    def attempts_per_success(self) -> float | None:
        """Of the attempts that have ended; None before the first success."""
        ended = self.established + self.failures.total()
        return ended / self.established if self.established else None


@dataclass(frozen=True, slots=True)
class VoiceStatus:
    guilds: tuple[GuildVoiceStatus, ...]
    """Of every guild in which the bot is or wants to be in voice."""
    totals: VoiceTotals
    duplicate: str | None = None
    """A sentence, when another process uses this bot's token."""
