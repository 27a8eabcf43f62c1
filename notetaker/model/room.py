"""A voice channel as Discord shows it now: who is in it, and what the bot may do there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Room:
    channel_id: int
    name: str = ""
    """Empty if the bot may not see the channel."""
    people: frozenset[int] = frozenset()
    """User ids of everyone in it who is not a bot."""
    bots: frozenset[int] = frozenset()
    """User ids of the other bots in it."""
    chat: bool = False
    """The bot may write in the channel's own text chat."""
    seen: bool = False
    """All those people can see the text channel where the notes go. Nobody looks if there is a chat."""
    markable: bool = False
    """The bot may mark itself or the channel as recording."""
    marked: bool = False
    """The bot, or the channel, bears the mark of a recording."""
    failure: str | None = None
    """Why the bot cannot be there, in sentences."""
    gone: bool = False
    """The channel no longer exists, or the bot is no longer in the server."""
