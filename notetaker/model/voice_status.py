"""The state of voice, as /voicestatus, ``notetaker status`` and the metrics show it."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from notetaker.model.failure import Failure
from notetaker.model.outcome import Coverage, Outcome


class VoicePhase(StrEnum):
    """What a guild's voice is doing. In all phases but IDLE the bot is wanted in a channel."""

    IDLE = "idle"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RESUMING = "resuming"
    """The websocket was lost and is being resumed; audio still arrives."""
    WAITING = "waiting"
    """A round of attempts failed; the next one starts with the next voice activity or health check."""


@dataclass(frozen=True, slots=True)
class GuildVoiceStatus:
    guild_id: int
    phase: VoicePhase
    wanted: int | None
    """The channel the bot should be in."""
    connected_to: int | None
    """The channel of the live connection."""
    phase_s: float
    """Seconds since the phase began."""
    attempt: int = 0
    """Number of the current attempt, from 1; 0 if there is none."""
    next_try_s: float | None = None
    """In phase WAITING, the most seconds until the next round of attempts."""
    failure: Failure | None = None
    """How the last round of attempts failed; None once connected again."""
    endpoint: str | None = None
    mode: str | None = None
    """Mode of the transport encryption."""
    dave_version: int = 0
    latency_s: float | None = None
    """Time from a heartbeat of the voice websocket to its acknowledgement."""
    nobody_to_hear: bool = False
    """None of the others in the channel takes part in its end-to-end encryption, so none can be heard."""
    undecryptable: tuple[int, ...] = ()
    """Ids of the users who cannot be decrypted, although everything was tried."""
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
    """Counts since the process started, over all guilds."""

    attempts: int = 0
    """Attempts to connect, for the first time or again."""
    established: int = 0
    """Attempts to connect that succeeded."""
    failures: Counter[str] = field(default_factory=Counter)
    """Attempts that failed, by ``failure.Step``."""
    timeouts: Counter[str] = field(default_factory=Counter)
    """Failed attempts that ran into a deadline, by step."""
    retries: int = 0
    """Attempts that were not the first one of their round."""
    rounds_failed: int = 0
    close_codes: Counter[int] = field(default_factory=Counter)
    """Voice websockets closed by the server, by close code; 1006 for a cut connection."""
    last_close_ns: dict[int, int] = field(default_factory=dict)
    """When each close code came last, Unix ns."""
    resumes: int = 0
    """Sessions resumed over a new websocket."""
    resumes_failed: int = 0
    """Lost websockets that could not be resumed, so that a new session was needed."""
    disconnected_s: float = 0.0
    """Seconds without a session when there should have been one."""
    first_packet_s: list[float] = field(default_factory=list)
    """Seconds from the start of an attempt to the first voice packet, for the latest sessions."""
    first_packet_buckets: Counter[float] = field(default_factory=Counter)
    """All sessions, by the first of FIRST_PACKET_BUCKETS_S that is not below that time."""
    first_packet_sum_s: float = 0.0
    packets: Counter[Outcome] = field(default_factory=Counter)
    """Packets that reached the socket, by outcome."""
    stored: int = 0
    """Heard packets that a recording stored."""
    lost: int = 0
    """Packets that never reached the socket."""
    dave_invalid: int = 0
    """MLS commits and welcomes that could not be processed."""
    dave_recoveries: int = 0
    """Requests to recreate the group (opcode 31)."""
    undecryptable_runs: int = 0
    """Runs of frames of one speaker that could not be decrypted with a known key."""
    malformed_messages: int = 0
    """Malformed messages from voice gateways."""
    repeated_messages: int = 0
    """Messages from voice gateways that were ignored, because their number had been seen. Resumes bring some."""
    udp_errors: int = 0
    """Failed sends and receives: the voice server was unreachable."""
    dead_paths: int = 0
    """Sessions replaced because sound no longer reached them over UDP."""
    health_checks: int = 0
    ghosts: int = 0
    """Voice states that a dead process or session of ours left behind, and that were removed."""

    def add_first_packet(self, seconds: float) -> None:
        """Count a session by its time to the first packet."""
        self.first_packet_s.append(seconds)
        del self.first_packet_s[:-FIRST_PACKETS_KEPT]
        self.first_packet_buckets[next(b for b in FIRST_PACKET_BUCKETS_S if seconds <= b)] += 1
        self.first_packet_sum_s += seconds

    @property
    def success_rate(self) -> float | None:
        """Share of completed attempts that succeeded, from 0 to 1; None before the first."""
        ended = self.established + self.failures.total()
        return self.established / ended if ended else None

    @property
    def attempts_per_success(self) -> float | None:
        """Completed attempts per success; None before the first success."""
        ended = self.established + self.failures.total()
        return ended / self.established if self.established else None


@dataclass(frozen=True, slots=True)
class VoiceStatus:
    guilds: tuple[GuildVoiceStatus, ...]
    """The guilds in which the bot is in voice, or wants to be."""
    totals: VoiceTotals
    duplicate: str | None = None
    """A sentence, if another process uses this bot's token."""
