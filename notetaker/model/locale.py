"""How dates and times are written for the people of a meeting."""

from typing import Final, NamedTuple


class Locale(NamedTuple):
    language: str = "en"
    """Of dates; a code as in :mod:`notetaker.model.languages`."""
    time_zone: str = "UTC"
    """IANA name: ``Europe/Berlin``."""


ENGLISH_UTC: Final = Locale()
