"""What the slash commands and the bridge need from the rest of the program."""

from dataclasses import dataclass
from typing import Protocol

from notetaker.model.meeting import Meeting
from notetaker.model.voice import VoiceEvent
from notetaker.model.voice_status import VoiceStatus


class Refused(Exception):
    """It could not be done. The message is for the person who asked: what happened, why, what to try."""


@dataclass(frozen=True, slots=True)
class Start:
    """A wish to have notes taken."""

    guild_id: int
    voice_channel_id: int
    voice_channel_name: str
    text_channel_id: int
    """Where the notes shall be posted."""
    started_by: int
    language: str | None = None
    """Code of the language that is spoken, one of ``model.languages``; None: it is detected."""


@dataclass(frozen=True, slots=True)
class Started:
    meeting: Meeting
    trouble: str | None = None
    """Why the bot is not in the voice channel yet, a sentence or more; it goes on trying. None: it is in."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A meeting whose recording has ended."""

    meeting: Meeting
    speakers: int
    """How many people were heard."""
    connected: bool = True
    """Whether the bot ever was in the voice channel."""


class Meetings(Protocol):
    """One voice channel at a time per guild, with or without notes.

    ``command_id`` says which command is the latest, for that is the one that counts: Discord's ids grow with time
    (Discord docs, Reference, Snowflakes). A command that a later one has overtaken raises Refused.
    """

    def channel(self, guild_id: int) -> int | None:
        """The voice channel in which the bot is."""

    def wanted(self, guild_id: int) -> int | None:
        """The voice channel in which the bot is to be: it may still be trying to get in."""

    def meeting(self, guild_id: int) -> Meeting | None:
        """The meeting of which notes are being taken, or about to be."""

    def already_so(self, guild_id: int, command_id: int) -> None:
        """What the command asks for is the case already; earlier ones that have not begun are to leave it so."""

    async def join(self, guild_id: int, channel_id: int, command_id: int) -> None:
        """Be in the channel, recording nothing. Raises Refused; the bot may go on trying even then."""

    async def leave(self, guild_id: int, command_id: int) -> Stopped | None:
        """Leave the voice channel; stops the notes, if any. Raises Refused."""

    async def start(self, wish: Start, command_id: int) -> Started:
        """Join if necessary and take notes. Raises Refused."""

    async def stop(self, guild_id: int, command_id: int) -> Stopped | None:
        """Stop the notes and leave. None: there were none. Raises Refused."""


class VoiceEvents(Protocol):
    """Who wants to know what the main gateway tells about voice, in the order in which it came."""

    def receive(self, event: VoiceEvent) -> None: ...


class VoiceHealth(Protocol):
    def status(self) -> VoiceStatus:
        """How voice is doing now, in all servers."""


class Voice(VoiceEvents, VoiceHealth, Protocol):
    """The voice stack, as far as it is anything to py-cord's side."""
