"""Dates in the language of a meeting, with the names of months from CLDR."""

from datetime import date
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

_ENGLISH: Final = Locale("en", "GB")
"""Day, month, year; English without a country would be American."""
_RIGHT_TO_LEFT, _END = "\u2067", "\u2069"
"""Keep the order of what is written around Arabic or Hebrew (Unicode: RLI, PDI)."""


def long_date(day: date, language: str) -> str:
    """``22. November 2026`` for ``de``; in English where CLDR does not know the language's months."""
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
