"""Dates in a meeting's language, with month names from CLDR."""

from datetime import date
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

_ENGLISH: Final = Locale("en", "GB")
"""British English, for day-month-year order; plain English would be American."""
_RIGHT_TO_LEFT, _END = "\u2067", "\u2069"
"""Unicode's RLI and PDI, which keep Arabic or Hebrew from reordering the text around them."""


def long_date(day: date, language: str) -> str:
    """Return ``22. November 2026`` for ``de``; in English if CLDR does not know the language's months."""
    locale = _locale(language)
    written = format_date(day, "long", locale)
    return f"{_RIGHT_TO_LEFT}{written}{_END}" if locale.text_direction == "rtl" else written


def _locale(language: str) -> Locale:
    if language == "en":
        return _ENGLISH
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return _ENGLISH
    named = locale.months["format"]["wide"][1] != "M01"  # CLDR's placeholder
    return locale if named else _ENGLISH
