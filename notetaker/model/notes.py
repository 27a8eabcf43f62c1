"""Meeting notes. Every item says which utterances it rests on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    text: str
    cites: tuple[str, ...]
    """Utterance ids, at least one."""


@dataclass(frozen=True, slots=True)
class Notes:
    summary: tuple[Item, ...]
    decisions: tuple[Item, ...]
    actions: tuple[Item, ...]
    made_by: str
    """Who wrote them, for example ``extractive summariser``: a reader should know."""


@dataclass(frozen=True, slots=True)
class Posting:
    """What is posted to Discord for a meeting: one message with one attachment."""

    meeting_id: str
    channel_id: int
    content: str
    """Markdown, at most 2000 characters."""
    attachment_name: str
    attachment: str
    """The full transcript, Markdown."""
