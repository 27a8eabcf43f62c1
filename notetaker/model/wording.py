"""Counts, durations and times in words, for everything that people read."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

SECOND_NS = 1_000_000_000


def iso(time_ns: int) -> str:
    """Format Unix nanoseconds as ISO 8601 in UTC: ``2026-11-22T14:30:05.000+00:00``."""
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="milliseconds")


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return ``1 packet``, ``1,904 packets``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def ranked(counts: Mapping[str, int]) -> str:
    """Return ``3 replay, 1 bad auth``, the most frequent first, or ``none``."""
    counted = ((name, number) for name, number in Counter(counts).most_common() if number)
    return ", ".join(f"{number:,} {name.replace('_', ' ').lower()}" for name, number in counted) or "none"


def duration(ns: int) -> str:
    """Return ``8 s``, ``12 min 5 s``, ``1 h 20 min``. Anything above zero is at least ``1 s``."""
    seconds = max(round(ns / SECOND_NS), 1 if ns > 0 else 0)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def clip(text: str, limit: int) -> str:
    """Cut ``text`` to ``limit`` characters, after a word if possible, and mark the cut."""
    if len(text) <= limit:
        return text
    return (text[:limit].rpartition(" ")[0] or text[: limit - 1]) + "…"
