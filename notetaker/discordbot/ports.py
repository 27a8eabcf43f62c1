"""What the slash commands and the bridge need from the rest of the program."""

from dataclasses import dataclass
from typing import Protocol

from notetaker.model.meeting import Meeting
from notetaker.model.voice import VoiceServer, VoiceState
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


@dataclass(frozen=True, slots=True)
class Stopped:
    """A meeting whose recording has ended."""

    meeting: Meeting
    speakers: int
    """How many people were heard."""


class Meetings(Protocol):
    """One voice channel at a time per guild, with or without notes."""

    def channel(self, guild_id: int) -> int | None:
        """The voice channel in which the bot is."""

    def meeting(self, guild_id: int) -> Meeting | None:
        """The meeting of which notes are being taken."""

    async def join(self, guild_id: int, channel_id: int) -> None:
        """Be in the channel, recording nothing. Raises Refused."""

    async def leave(self, guild_id: int) -> Stopped | None:
        """Leave the voice channel; stops the notes, if any."""

    async def start(self, wish: Start) -> Meeting:
        """Join if necessary and take notes. Raises Refused."""

    async def stop(self, guild_id: int) -> Stopped | None:
        """Stop the notes and leave. None: there were none."""


class VoiceEvents(Protocol):
    """Who wants to know what the main gateway tells about voice, in the order in which it came."""

    def voice_state_update(self, state: VoiceState) -> None: ...

    def voice_server_update(self, server: VoiceServer) -> None: ...


class VoiceHealth(Protocol):
    def status(self) -> VoiceStatus:
        """How voice is doing now, in all servers."""


class Voice(VoiceEvents, VoiceHealth, Protocol):
    """The voice stack, as far as it is anything to py-cord's side."""
