"""Names and terms that a server has told us how to spell."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 60
"""Most characters of a term, and of what is heard in its place."""
MOST: Final = 500
"""Most entries of one server."""
MOST_BY_ONE: Final = 20
"""Most entries of one person who does not manage the server."""

_ASIDE: Final = re.compile(r"\([^)]*\)|\[[^]]*\]|\{[^}]*\}|<[^>]*>|[/•·~]")
_WORDS: Final = re.compile(r"[\w'’.-]*\w[\w'’.-]*")


@dataclass(frozen=True, slots=True)
class Entry:
    term: str
    """The correct spelling."""
    heard: str | None = None
    """What speech to text writes in its place, and notes are not to; None for a term that is only to be expected."""
    by: int | None = None
    """Id of the person who has corrected this; None if those who manage the server have set it."""

    @property
    def key(self) -> str:
        """What the entry is about. A later entry with the same key replaces it."""
        return tidy(self.heard or self.term).casefold()


def tidy(text: str) -> str:
    """Return the text with single spaces, and without any at its ends."""
    return " ".join(text.split())


def expected(names: Iterable[str], entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return what is likely to be said in a meeting, each once: the display names of its people, and the terms, those
    that were misheard before first.
    """
    entered = sorted(entries, key=lambda entry: entry.heard is None)
    return tuple(filter(None, dict.fromkeys((*map(spoken, names), *(entry.term for entry in entered)))))


def spoken(name: str) -> str:
    """Return what people say of a display name: ``Ana`` of ``🌸 Ana (she/her) | away``; empty if that is nothing."""
    parts = (" ".join(_WORDS.findall(part)) for part in _ASIDE.sub("|", name).split("|"))
    return next(filter(None, parts), "")


def fault_of(text: str) -> str | None:
    """Return what is wrong with a term, or with what is heard, as the end of a sentence; None if nothing is."""
    if len(text.casefold()) > LONGEST:  # which may be longer
        return f"is longer than {LONGEST} characters"
    if not any(map(str.isalnum, text)):
        return "has no letters"
    if not text.isprintable():
        return "has characters that cannot be shown"
    return None
