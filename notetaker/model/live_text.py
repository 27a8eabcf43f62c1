"""Where the words of a meeting are shown while it goes on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A message with a page of live text."""

    message_id: int
    keys: tuple[str, ...]
    """Which lines and gaps it shows, as ``notes.live_text`` calls them."""


@dataclass(frozen=True, slots=True)
class LiveText:
    channel_id: int
    """The thread, or the channel, in which the pages are."""
    pages: tuple[ShownPage, ...]
    """Oldest first."""
    closed: bool
    """All texts are final and shown, or cannot be shown any more."""
