"""The bot's state in one line, for ``systemctl status``."""

from collections.abc import Sequence

from notetaker.model.meeting import RunningMeeting
from notetaker.model.voice_status import VoicePhase, VoiceStatus
from notetaker.model.wording import count
from notetaker.notes.wording import clock

MINUTE_NS, HOUR_NS, DAY_NS = (seconds * 1_000_000_000 for seconds in (60, 3600, 86400))


def status_line(
    voice: VoiceStatus,
    meetings: Sequence[RunningMeeting],
    servers: int,
    away_since_ns: int | None,
    now_ns: int,
    failure: str | None = None,
    undelivered: int = 0,
) -> str:
    """Return a line such as ``2 meetings, 7 people heard, 0 reconnecting, last 4006 3 h ago``.

    ``away_since_ns``: when the main gateway was lost, Unix ns; None while it is connected.
    ``failure``: what is wrong with the database, if anything.
    ``undelivered``: number of meetings whose notes Discord takes nowhere.
    """
    quiet = not meetings and not _reconnecting(voice)
    parts = []
    if away_since_ns is not None:
        parts.append(f"Waiting for Discord since {clock(away_since_ns)} UTC")
    elif quiet:
        parts.append(f"No meeting, in {count(servers, 'server')}")
    if not quiet:
        people = count(sum(one.people for one in meetings), "person", "people")
        paused = sum(one.paused is not None for one in meetings)
        parts += [count(len(meetings), "meeting"), *([f"{paused} paused"] if paused else [])]
        parts += [f"{people} heard", f"{_reconnecting(voice)} reconnecting"]
    closes = voice.totals.last_close_ns
    if closes:
        code = max(closes, key=lambda code: closes[code])
        parts.append(f"last {code} {_ago(now_ns - closes[code])}")
    if voice.duplicate is not None:
        parts.append("another process uses this bot's token")
    if undelivered:
        parts.append(f"the notes of {count(undelivered, 'meeting')} could not be delivered")
    if failure is not None:
        parts.append(failure)
    return ", ".join(parts)


def _reconnecting(voice: VoiceStatus) -> int:
    return sum(guild.phase not in (VoicePhase.IDLE, VoicePhase.CONNECTED) for guild in voice.guilds)


def _ago(ns: int) -> str:
    """In whole units: each change of the line is sent to the service manager."""
    if ns < MINUTE_NS:
        return "just now"
    if ns < HOUR_NS:
        return f"{ns // MINUTE_NS} min ago"
    if ns < 2 * DAY_NS:
        return f"{ns // HOUR_NS} h ago"
    return f"{ns // DAY_NS} days ago"
