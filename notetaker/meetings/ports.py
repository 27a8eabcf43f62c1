"""What meetings need from voice and from Discord. Tests have their own."""

from datetime import datetime
from typing import Protocol

from notetaker.discordbot.board import Components
from notetaker.model.meeting import Meeting
from notetaker.model.names import Person
from notetaker.model.notes import Posting
from notetaker.model.outcome import Coverage
from notetaker.model.room import Room
from notetaker.model.voice import Admission
from notetaker.voice.ports import SessionSink


class Voice(Protocol):
    """``voice.manager.VoiceManager``, which says what each of these does."""

    @property
    def patience_s(self) -> float: ...
    def want(self, guild_id: int, channel_id: int | None) -> None: ...
    def wanted(self, guild_id: int) -> int | None: ...
    async def join(self, guild_id: int, channel_id: int) -> None: ...
    async def settled(self, guild_id: int, channel_id: int) -> None: ...
    def record(self, guild_id: int, sink: SessionSink | None) -> None: ...
    def admit(self, guild_id: int, admission: Admission) -> None: ...
    async def leave(self, guild_id: int) -> None: ...
    def channel(self, guild_id: int) -> int | None: ...
    def others(self, guild_id: int) -> frozenset[int]: ...
    def nobody_to_hear(self, guild_id: int) -> bool: ...
    def catch_up(self, guild_id: int) -> None: ...
    def coverage(self, guild_id: int) -> list[Coverage]: ...


class Discord(Protocol):
    """``announcer.Announcer``."""

    async def say(self, channel_id: int, text: str, buttons: Components = ()) -> bool:
        """Post a plain message, with buttons below it; return whether it was. A failure is logged."""

    async def tell(self, meeting: Meeting, text: str) -> None:
        """Post a plain message where the notes go; if that fails, write to the person who started the meeting."""

    def room(self, guild_id: int, channel_id: int, text_channel_id: int) -> Room | None:
        """Return a voice channel as it is now, for notes in a text channel; None if Discord shows nothing of it yet,
        has an outage, or has lost the bot's main connection: what it showed last may be wrong by now.
        """

    async def mark(self, guild_id: int, channel_id: int) -> bool:
        """Mark the bot, or the voice channel, as recording; return whether that was done."""

    async def unmark(self, guild_id: int, channel_id: int) -> None:
        """Take the mark off. A failure is logged."""

    async def person(self, guild_id: int, user_id: int) -> Person:
        """Return the names under which the guild knows a user."""

    def rejoin_failure(self, guild_id: int, channel_id: int) -> str | None:
        """Return the reason, a sentence, if the bot can never rejoin a voice channel. Known once it is connected."""


class Publisher(Protocol):
    """``discordbot.publish.Publisher``."""

    async def post(self, posting: Posting, *, look_since: datetime | None) -> int: ...
    async def direct(self, user_id: int) -> int: ...
    async def say(self, channel_id: int, text: str) -> None: ...


class Board(Protocol):
    """``discordbot.board.Board``."""

    async def place(self, meeting: Meeting, panel_id: int | None) -> int | None: ...
    def people(self, guild_id: int, channel_id: int) -> dict[int, str]: ...
    async def post(self, channel_id: int, text: str, nonce: str, components: Components = ()) -> int: ...
    async def edit(
        self, channel_id: int, message_id: int, text: str, components: Components = ()
    ) -> None: ...
