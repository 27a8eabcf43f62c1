"""How dates and times are written for the people of a meeting."""

from typing import Final, NamedTuple


class Locale(NamedTuple):
    language: str = "en"
    """The language of dates, a code from :mod:`notetaker.model.languages`."""
    time_zone: str = "UTC"
    """An IANA name such as ``Europe/Berlin``."""


ENGLISH_UTC: Final = Locale()
