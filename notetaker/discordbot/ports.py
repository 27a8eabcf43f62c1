"""What the slash commands and the bridge need from the rest of the program, as protocols."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from notetaker.model.consent import Answer
from notetaker.model.guild_settings import GuildSettings
from notetaker.model.mark import Mark
from notetaker.model.meeting import Meeting
from notetaker.model.vocabulary import Entry
from notetaker.model.voice import VoiceEvent
from notetaker.model.voice_status import VoiceStatus


class Refused(Exception):
    """The command cannot be carried out. The message tells the person why, and what to try."""


@dataclass(frozen=True, slots=True)
class Start:
    """A request to take notes."""

    guild_id: int
    voice_channel_id: int
    voice_channel_name: str
    text_channel_id: int
    """Where to post the notes."""
    started_by: int
    language: str | None = None
    """Code of the spoken language, one of ``model.languages``; None to detect it."""
    kind: str | None = None
    """Name of the kind of notes; None for the one that is set."""


@dataclass(frozen=True, slots=True)
class Started:
    """A meeting that has started."""

    meeting: Meeting
    reason: str | None = None
    """Why the bot is not in the voice channel yet, in sentences; it keeps trying. None if it is in."""
    nobody_to_hear: bool = False
    """None of the others in the channel takes part in its end-to-end encryption."""
    opt_in: bool = False
    """Only those are recorded who have agreed."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A meeting that has been stopped."""

    meeting: Meeting
    speakers: int
    """Number of people who were heard."""
    connected: bool = True
    """Whether the bot was ever in the voice channel."""


class Meetings(Protocol):
    """Meetings as the slash commands see them: one voice channel at a time per guild, with or without notes.

    The newest command wins. ``command_id`` is the id of its interaction, and Discord's ids grow with time (Discord
    docs, Reference, Snowflakes). A command that a newer one has overtaken raises Refused.
    """

    def channel(self, guild_id: int) -> int | None:
        """Return the voice channel that the bot is in."""

    def wanted(self, guild_id: int) -> int | None:
        """Return the voice channel that the bot should be in. It may still be trying to join."""

    def meeting(self, guild_id: int) -> Meeting | None:
        """Return the meeting that is being recorded, or about to be."""

    def already_so(self, guild_id: int, command_id: int) -> None:
        """Note that a command had nothing to do, so that older commands do not undo that."""

    async def join(self, guild_id: int, channel_id: int, command_id: int) -> None:
        """Join the channel without recording. Raises Refused; the bot may keep trying even then."""

    async def leave(self, guild_id: int, command_id: int, asked_in: int | None = None) -> Stopped | None:
        """Leave the voice channel, and stop the meeting if there is one. Raises Refused.

        ``asked_in`` is the channel of the command.
        """

    async def start(self, wish: Start, command_id: int) -> Started:
        """Join the channel if necessary and start a meeting. Raises Refused."""

    async def shown(self, meeting: Meeting, channel_id: int, message_id: int) -> None:
        """Take a message as the panel of a meeting: it is edited from now on."""

    async def pause(self, guild_id: int, name: str) -> None:
        """Record nobody until ``resume``; ``name`` is who wants that. Raises Refused."""

    async def resume(self, guild_id: int) -> None:
        """Record people again. Raises Refused."""

    async def mark(self, guild_id: int, user_id: int, name: str, text: str) -> Mark:
        """Mark the moment in the running meeting. Raises Refused."""

    async def stop(self, guild_id: int, command_id: int, asked_in: int | None = None) -> Stopped | None:
        """Stop the meeting and leave. Return None if there was none. Raises Refused.

        ``asked_in`` is the channel of the command.
        """


class ServerSettings(Protocol):
    """What servers set for their meetings. All methods raise Refused if the database does not answer."""

    async def of(self, guild_id: int) -> GuildSettings:
        """Return the server's settings, with the operator's where it has none."""

    async def set(self, guild_id: int, name: str, value: Any) -> None:
        """Set a field of ``GuildSettings``; None for the operator's setting."""

    async def vocabulary(self, guild_id: int) -> list[Entry]:
        """Return how the server has told us to spell names and terms."""

    async def add_vocabulary(self, guild_id: int, entries: Sequence[Entry]) -> None:
        """Add entries, in place of those with the same keys. Raises Refused if there would be too many."""

    async def has_met(self, guild_id: int, user_id: int) -> bool:
        """Return whether somebody was in a meeting of the server."""

    async def remove_vocabulary(self, guild_id: int, entries: Sequence[Entry]) -> None:
        """Remove entries."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of somebody in a server."""

    mode: str
    """One of ``consent.MODES``."""
    answer: Answer | None
    """Whether they may be recorded; None if they have not said."""
    holds: bool
    """The answer still counts."""
    meetings: int
    """In how many meetings they were heard."""


class Privacy(Protocol):
    """Whether people are recorded. All methods raise Refused if the database does not answer."""

    async def refuse(self, guild_id: int, user_id: int) -> None:
        """Record somebody no more: at once, even if it raises Refused because it cannot be stored."""

    async def allow(self, guild_id: int, user_id: int) -> None:
        """Record somebody from now on."""

    async def standing(self, guild_id: int, user_id: int) -> Standing:
        """Return what is known of somebody."""

    async def words(self, guild_id: int, user_id: int) -> str:
        """Return all that was written down of what somebody said in a server; empty if there is nothing."""


@dataclass(frozen=True, slots=True)
class Page:
    """A message, with a document if ``attachment_name`` is not empty."""

    content: str
    attachment_name: str = ""
    attachment: str = ""


class Notebook(Protocol):
    """The meetings of all servers, and their notes. All methods raise Refused if the database does not answer.

    It knows nothing of who may read what: see ``sight``.
    """

    async def latest(self, guild_id: int) -> list[Meeting]:
        """Return the latest meetings of a server, newest first, the one that is going on included."""

    async def rooms(self, guild_id: int) -> Mapping[str, Collection[int]]:
        """Return the voice channels into which meetings of a server have moved, by meeting id."""

    async def every(self, guild_id: int) -> list[Meeting]:
        """Return all meetings of a server, newest first."""

    async def meeting(self, meeting_id: str) -> Meeting | None:
        """Return a meeting of any server."""

    async def page(self, meeting: Meeting) -> Page:
        """Return the notes of a meeting, or what of them is written so far."""

    async def titles(self, meetings: Sequence[Meeting]) -> str:
        """Return a message that lists meetings."""

    async def search(self, guild_id: int, meetings: Sequence[Meeting], words: str) -> str:
        """Return a message with passages of these meetings that have all the words. Newest meetings come first."""

    async def ask(self, guild_id: int, meetings: Sequence[Meeting], question: str) -> str:
        """Return a message that answers a question from what was said in these meetings."""

    async def messages(self, meeting: Meeting) -> list[tuple[int, int]]:
        """Return the channel and the id of each message with what was said in a meeting."""

    async def delete(self, meeting: Meeting) -> None:
        """Delete all that is kept of a meeting whose notes are made: files first, then what the database has."""

    def label(self, meeting: Meeting) -> str:
        """Return channel and start of a meeting, to choose it by."""


class VoiceEvents(Protocol):
    """Receives the main gateway's events about voice, in the order in which they arrived."""

    def receive(self, event: VoiceEvent) -> None: ...


class VoiceHealth(Protocol):
    """How the voice connections are doing."""

    def status(self) -> VoiceStatus:
        """Return the state of voice in all guilds."""


class Voice(VoiceEvents, VoiceHealth, Protocol):
    """The voice stack as this package sees it."""
