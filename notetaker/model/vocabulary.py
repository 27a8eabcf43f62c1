"""Names and terms that a server has told us how to spell."""

from dataclasses import dataclass
from typing import Final

LONGEST: Final = 60
"""Most characters of a term, and of what is heard in its place."""
MOST: Final = 500
"""Most entries of one server."""


@dataclass(frozen=True, slots=True)
class Entry:
    term: str
    """The correct spelling."""
    heard: str | None = None
    """What speech to text writes in its place, and notes are not to; None for a term that is only to be expected."""

    @property
    def key(self) -> str:
        """What the entry is about. A later entry with the same key replaces it."""
        return tidy(self.heard or self.term).casefold()


def tidy(text: str) -> str:
    """Return the text with single spaces, and without any at its ends."""
    return " ".join(text.split())
