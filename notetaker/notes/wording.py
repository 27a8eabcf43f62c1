"""Times, durations and sentences, as a person reads them."""

import re
from datetime import UTC, datetime

SECOND_NS = 1_000_000_000

_FIRST_PERSON = re.compile(r"\bi\b")
_DAYS_AND_MONTHS = re.compile(
    r"\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|january|february|april|june|july|august|september|october|november|december"
    r"|(?<=of )(?:march|may)|(?<=in )(?:march|may)|(?<=by )(?:march|may))\b"
)


def sentence(text: str) -> str:
    """Text of an engine that knows neither capitals nor full stops, written as a sentence; other text as it is."""
    plain = text.replace("…", "")  # where an excerpt was cut
    if not plain.isascii() or plain != plain.lower() or not any(map(str.isalpha, plain)):
        return text
    text = _FIRST_PERSON.sub("I", text)
    text = _DAYS_AND_MONTHS.sub(lambda match: match[0].capitalize(), text)
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def clip(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut behind a word where there is one, the cut marked."""
    if len(text) <= limit:
        return text
    return (text[:limit].rpartition(" ")[0] or text[: limit - 1]) + "…"


def clock(unix_ns: int) -> str:
    """``14:30:05``, UTC."""
    return f"{_utc(unix_ns):%H:%M:%S}"


def day(unix_ns: int) -> str:
    """``22 November 2026``, UTC."""
    moment = _utc(unix_ns)
    return f"{moment.day} {moment:%B %Y}"


def span(started_ns: int, ended_ns: int) -> str:
    """``14:30:05 to 14:31:00 UTC (55 s)``; with the date of the end when that is another day."""
    return f"{clock(started_ns)} to {_end(started_ns, ended_ns)} UTC ({duration(ended_ns - started_ns)})"


def from_to(started_ns: int, ended_ns: int) -> str:
    """``14:30:05–14:31:00``, UTC: the whole seconds that it takes in; the date as with ``span``."""
    return f"{clock(started_ns)}–{_end(started_ns, -(-ended_ns // SECOND_NS) * SECOND_NS)}"


def duration(ns: int) -> str:
    """``8 s``, ``12 min 5 s``, ``1 h 20 min``; anything at all is at least a second."""
    seconds = max(round(ns / SECOND_NS), 1 if ns > 0 else 0)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 packet``, ``1,904 packets``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def unknown_speaker(user_id: int) -> str:
    """What to call a speaker whose name Discord did not tell; 0: not even the id."""
    return f"Unknown speaker (id {user_id})" if user_id else "Unknown speaker"


def _end(started_ns: int, ended_ns: int) -> str:
    last_day = "" if day(ended_ns) == day(started_ns) else f"{day(ended_ns)}, "
    return f"{last_day}{clock(ended_ns)}"


def _utc(unix_ns: int) -> datetime:
    return datetime.fromtimestamp(unix_ns // SECOND_NS, UTC)
