"""Meeting notes as they are posted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Posting:
    """The Discord message with a meeting's notes, and its one attachment."""

    meeting_id: str
    channel_id: int
    content: str
    """Markdown, at most 2000 characters."""
    attachment_name: str
    attachment: str
    """The full transcript as Markdown."""
