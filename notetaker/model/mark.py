"""A moment of a meeting that somebody marked, with /mark."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    at_ns: int
    """The meeting's time, Unix nanoseconds."""
    user_id: int
    name: str
    """Display name of who marked it."""
    text: str
    """What they wrote about it; may be empty."""
