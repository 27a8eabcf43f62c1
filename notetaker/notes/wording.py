"""Times, time spans and sentences for people."""

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
    """Add capitals and a full stop to text from an engine that writes neither; return other text unchanged."""
    plain = text.replace("…", "")  # where an excerpt was cut
    if not plain.isascii() or plain != plain.lower() or not any(map(str.isalpha, plain)):
        return text
    text = _FIRST_PERSON.sub("I", text)
    text = with_dates(text)
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def with_dates(text: str) -> str:
    """Return ``text`` with capitals for English days and months."""
    return _DAYS_AND_MONTHS.sub(lambda match: match[0].capitalize(), text)


def clock(unix_ns: int, locale: Locale = ENGLISH_UTC) -> str:
    """Return ``14:30:05``."""
    return f"{_local(unix_ns, locale):%H:%M:%S}"


def day(unix_ns: int, locale: Locale = ENGLISH_UTC) -> str:
    """Return ``22 November 2026``, in German ``22. November 2026``."""
    return long_date(_local(unix_ns, locale).date(), locale.language)


def span(started_ns: int, ended_ns: int, locale: Locale = ENGLISH_UTC) -> str:
    """Return ``14:30:05 to 14:31:00 UTC (55 s)``, with the date of the end if that is another day.

    If the clocks changed in between, both ends name their zone.
    """
    first, last = zones(started_ns, ended_ns, locale)
    start = clock(started_ns, locale) + ("" if first == last else f" {first}")
    end = _end(started_ns, ended_ns, locale)
    return f"{start} to {end} {last} ({duration(ended_ns - started_ns)})"


def from_to(started_ns: int, ended_ns: int, locale: Locale = ENGLISH_UTC) -> str:
    """Return ``14:30:05–14:31:00``, in whole seconds that include both ends; the date is as in ``span``.

    The zones are named only if the clocks changed in between.
    """
    ended_ns = -(-ended_ns // SECOND_NS) * SECOND_NS
    start, end = clock(started_ns, locale), _end(started_ns, ended_ns, locale)
    first, last = zones(started_ns, ended_ns, locale)
    return f"{start}–{end}" if first == last else f"{start} {first}–{end} {last}"


def zones(started_ns: int, ended_ns: int, locale: Locale) -> tuple[str, str]:
    """Return the name of the time zone at both ends: ``CET``, in summer ``CEST``.

    A zone without abbreviations is called by its name, ``Asia/Dubai``, or by two offsets if the clocks changed in
    between.
    """
    first, last = _abbreviation(started_ns, locale), _abbreviation(ended_ns, locale)
    if first != last or first.isalpha():
        return first, last
    name = locale.time_zone.replace("_", " ")
    return name, name


def unknown_speaker(user_id: int) -> str:
    """Return what to call a speaker without a name; ``user_id`` is 0 if even the id is unknown."""
    return f"Unknown speaker (id {user_id})" if user_id else "Unknown speaker"


def _end(started_ns: int, ended_ns: int, locale: Locale) -> str:
    last_day, time = day(ended_ns, locale), clock(ended_ns, locale)
    return time if last_day == day(started_ns, locale) else f"{last_day}, {time}"


def _abbreviation(unix_ns: int, locale: Locale) -> str:
    """Return ``CET``, or an offset, ``UTC-03``, for a zone without an abbreviation in the time zone database."""
    name = f"{_local(unix_ns, locale):%Z}"
    return name if name.isalpha() else f"UTC{name}"


def _local(unix_ns: int, locale: Locale) -> datetime:
    return datetime.fromtimestamp(unix_ns // SECOND_NS, ZoneInfo(locale.time_zone))
