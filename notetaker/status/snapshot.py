"""The state of the bot process at one moment, for ``notetaker status`` and Prometheus."""

import asyncio
import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from notetaker import __version__
from notetaker.model.failure import Failure
from notetaker.model.meeting import RunningMeeting
from notetaker.model.outcome import Outcome
from notetaker.model.voice_status import GuildVoiceStatus, VoiceStatus, VoiceTotals
from notetaker.model.wording import iso
from notetaker.status.meeting_report import counts
from notetaker.wire.explanations import close_code_meaning, explain


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """Figures that grow when something leaks."""

    tasks: int
    """Tasks in the event loop."""
    open_files: int
    """File descriptors, including sockets."""
    sockets: int
    rss_bytes: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    started_ns: int
    """When the process started, Unix ns."""
    uptime_s: float
    user: str | None
    """The bot's name on Discord; None before login."""
    servers: int
    connected: bool
    """Every shard is connected to Discord's main gateway."""
    latency_s: float | None
    """Time from a heartbeat of the main gateway to its acknowledgement."""
    process: ProcessFigures
    voice: VoiceStatus
    meetings: tuple[RunningMeeting, ...]
    undelivered: int = 0
    """Number of meetings whose notes Discord has taken nowhere since the process started."""


def process_figures() -> ProcessFigures:
    """Measure this process. Call it on the event loop. Linux only: proc(5)."""
    kinds = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            kinds.append(str(descriptor.readlink()))
        except FileNotFoundError:  # closed meanwhile, like the descriptor that listed the folder
            continue
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return ProcessFigures(
        tasks=len(asyncio.all_tasks()),
        open_files=len(kinds),
        sockets=sum(kind.startswith("socket:") for kind in kinds),
        rss_bytes=resident_pages * os.sysconf("SC_PAGE_SIZE"),
    )


def document(snapshot: Snapshot) -> dict[str, Any]:
    """Return plain values, ready for JSON: ids are strings, durations seconds, times ISO 8601 in UTC."""
    return {
        "version": __version__,
        "pid": os.getpid(),
        "started": iso(snapshot.started_ns),
        "uptime_s": round(snapshot.uptime_s, 3),
        "user": snapshot.user,
        "servers": snapshot.servers,
        "gateway": {"connected": snapshot.connected, "latency_s": _rounded(snapshot.latency_s)},
        "process": asdict(snapshot.process),
        "voice": {
            "duplicate": snapshot.voice.duplicate,
            "guilds": [_guild(guild) for guild in snapshot.voice.guilds],
            "totals": _totals(snapshot.voice.totals),
        },
        "meetings": [
            {
                "id": running.meeting.id,
                "guild_id": str(running.meeting.guild_id),
                "channel": running.meeting.voice_channel_name,
                "since": iso(running.meeting.started_ns),
                "people": running.people,
                "paused": running.paused,
            }
            for running in snapshot.meetings
        ],
        "undelivered": snapshot.undelivered,
    }


def _guild(guild: GuildVoiceStatus) -> dict[str, Any]:
    return {
        "guild_id": str(guild.guild_id),
        "phase": guild.phase.value,
        "phase_s": round(guild.phase_s, 3),
        "wanted": _id(guild.wanted),
        "connected_to": _id(guild.connected_to),
        "attempt": guild.attempt,
        "next_try_s": _rounded(guild.next_try_s),
        **_failure(guild.failure),
        "endpoint": guild.endpoint,
        "mode": guild.mode,
        "dave_version": guild.dave_version,
        "latency_s": _rounded(guild.latency_s),
        "nobody_to_hear": guild.nobody_to_hear,
        "undecryptable": [str(user_id) for user_id in guild.undecryptable],
        "deafened": guild.deafened,
        "coverage": [{"user_id": str(one.user_id), **counts(one)} for one in guild.coverage],
    }


def _failure(failure: Failure | None) -> dict[str, Any]:
    if failure is None:
        return {"problem": None, "failure": None}
    return {
        "problem": explain(failure).summary,
        "failure": {
            "step": failure.step,
            "close_code": failure.close_code,
            "timed_out": failure.timed_out,
        },
    }


def _totals(totals: VoiceTotals) -> dict[str, Any]:
    first_packets = totals.first_packet_s
    return {
        "attempts": totals.attempts,
        "established": totals.established,
        "success_rate": _rounded(totals.success_rate),
        "attempts_per_success": _rounded(totals.attempts_per_success),
        "failures": _plain(totals.failures),
        "timeouts": _plain(totals.timeouts),
        "retries": totals.retries,
        "rounds_failed": totals.rounds_failed,
        "close_codes": [
            {
                "code": code,
                "meaning": close_code_meaning(code),
                "count": count,
                "last": iso(totals.last_close_ns[code]),
            }
            for code, count in sorted(totals.close_codes.items())
        ],
        "resumes": totals.resumes,
        "resumes_failed": totals.resumes_failed,
        "disconnected_s": round(totals.disconnected_s, 3),
        "first_packet_s": {
            "sessions": len(first_packets),
            "median": round(median(first_packets), 3) if first_packets else None,
            "worst": round(max(first_packets), 3) if first_packets else None,
        },
        "packets": _plain(totals.packets),
        "stored": totals.stored,
        "lost": totals.lost,
        "dave_invalid": totals.dave_invalid,
        "dave_recoveries": totals.dave_recoveries,
        "undecryptable_runs": totals.undecryptable_runs,
        "malformed_messages": totals.malformed_messages,
        "repeated_messages": totals.repeated_messages,
        "udp_errors": totals.udp_errors,
        "dead_paths": totals.dead_paths,
        "health_checks": totals.health_checks,
        "ghosts": totals.ghosts,
    }


def _plain(counter: Counter[str] | Counter[Outcome]) -> dict[str, int]:
    return {str(key): count for key, count in counter.items() if count}


def _id(snowflake: int | None) -> str | None:
    return None if snowflake is None else str(snowflake)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
