"""Times, durations and sentences, as a person reads them."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from notetaker.model.locale import ENGLISH_UTC, Locale
from notetaker.model.wording import SECOND_NS, duration
from notetaker.notes.dates import long_date

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


def clock(unix_ns: int, locale: Locale = ENGLISH_UTC) -> str:
    """``14:30:05``."""
    return f"{_local(unix_ns, locale):%H:%M:%S}"


def day(unix_ns: int, locale: Locale = ENGLISH_UTC) -> str:
    """``22 November 2026``, in German ``22. November 2026``."""
    return long_date(_local(unix_ns, locale).date(), locale.language)


def span(started_ns: int, ended_ns: int, locale: Locale = ENGLISH_UTC) -> str:
    """``14:30:05 to 14:31:00 UTC (55 s)``; with the date of the end when that is another day.

    When the clocks changed in between, both ends name their zone.
    """
    first, last = zones(started_ns, ended_ns, locale)
    start = clock(started_ns, locale) + ("" if first == last else f" {first}")
    end = _end(started_ns, ended_ns, locale)
    return f"{start} to {end} {last} ({duration(ended_ns - started_ns)})"


def from_to(started_ns: int, ended_ns: int, locale: Locale = ENGLISH_UTC) -> str:
    """``14:30:05–14:31:00``: the whole seconds that it takes in; the date as with ``span``.

    The zones are named only when the clocks changed in between.
    """
    ended_ns = -(-ended_ns // SECOND_NS) * SECOND_NS
    start, end = clock(started_ns, locale), _end(started_ns, ended_ns, locale)
    first, last = zones(started_ns, ended_ns, locale)
    return f"{start}–{end}" if first == last else f"{start} {first}–{end} {last}"


def zones(started_ns: int, ended_ns: int, locale: Locale) -> tuple[str, str]:
    """What the time zone is called at both ends: ``CET``, in summer ``CEST``.

    A zone without abbreviations has its name, ``Asia/Dubai``, or two offsets when the clocks changed in between.
    """
    first, last = _abbreviation(started_ns, locale), _abbreviation(ended_ns, locale)
    if first != last or first.isalpha():
        return first, last
    name = locale.time_zone.replace("_", " ")
    return name, name


def unknown_speaker(user_id: int) -> str:
    """What to call a speaker whose name Discord did not tell; 0: not even the id."""
    return f"Unknown speaker (id {user_id})" if user_id else "Unknown speaker"


def _end(started_ns: int, ended_ns: int, locale: Locale) -> str:
    last_day, time = day(ended_ns, locale), clock(ended_ns, locale)
    return time if last_day == day(started_ns, locale) else f"{last_day}, {time}"


def _abbreviation(unix_ns: int, locale: Locale) -> str:
    """``CET``; the offset, ``UTC-03``, where the time zone database has no letters."""
    name = f"{_local(unix_ns, locale):%Z}"
    return name if name.isalpha() else f"UTC{name}"


def _local(unix_ns: int, locale: Locale) -> datetime:
    return datetime.fromtimestamp(unix_ns // SECOND_NS, ZoneInfo(locale.time_zone))
