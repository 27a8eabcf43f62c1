"""Meeting notes. Every item cites the utterances it is based on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    text: str
    cites: tuple[str, ...]
    """Ids of at least one utterance."""


@dataclass(frozen=True, slots=True)
class Notes:
    summary: tuple[Item, ...]
    decisions: tuple[Item, ...]
    actions: tuple[Item, ...]
    made_by: str
    """The author, such as ``extractive summariser``, which the notes name."""


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
