"""Whether to record: one pure function from who is in the room, and what can be shown to them, to a decision."""

from dataclasses import dataclass

from notetaker.discordbot import replies
from notetaker.model.room import Room
from notetaker.model.transcript import EMPTY, MOVED, UNSHOWN


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the decision depends on."""

    room: Room | None
    """The voice channel in which the bot is to be; None while Discord shows nothing of the server."""
    place: int
    """Id of the voice channel that the meeting is in: people have been shown that it is recorded."""
    inside: bool = True
    """The bot is in the room."""
    marked: bool = False
    """The bot or the room bears the mark of a recording."""
    unshown: bool = False
    """Showing people that they are recorded has failed a moment ago."""
    untold: bool = False
    """People could not be told in the room's chat, which they were not yet otherwise."""
    held: str | None = None
    """Who has paused the meeting, as ``transcript.paused_by`` says."""
    empty_s: float = 0.0
    """Seconds since the last person left."""
    grace_s: float = 60.0
    """Seconds after which a meeting ends when nobody is left."""
    length_s: float = 0.0
    """Seconds since the meeting began."""
    longest_s: float = 6 * 3600.0
    """Seconds after which any meeting ends."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Go on as before, because nothing is known."""


@dataclass(frozen=True, slots=True)
class Record:
    """Record the people in the room, as far as they consent."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Record nobody."""

    cause: str
    """It ``transcript.is_pause``."""
    reason: str | None = None
    """What to tell people where the notes go, in sentences."""


@dataclass(frozen=True, slots=True)
class Enter:
    """Show people in the room that they are recorded; only then record them."""


@dataclass(frozen=True, slots=True)
class End:
    """End the meeting."""

    reason: str
    """A sentence for people."""


Decision = Keep | Record | Pause | Enter | End


def decide(facts: Facts) -> Decision:
    """Return what to do now. Asked again with the same facts, it says the same."""
    room = facts.room
    if facts.length_s >= facts.longest_s:
        return End(replies.TOO_LONG)
    if room is None:
        return Pause(facts.held) if facts.held else Keep()
    moved = room.channel_id != facts.place
    if room.failure is not None:
        return Pause(MOVED, room.failure) if moved and not room.gone else End(room.failure)
    if not room.people:
        return End(replies.ROOM_EMPTY) if facts.empty_s >= facts.grace_s else Pause(EMPTY)
    if facts.held:
        return Pause(facts.held)
    if moved and not facts.inside:
        return Pause(MOVED)
    shown = room.chat or room.seen
    if facts.unshown or not (shown or room.markable):
        return Pause(MOVED if moved else UNSHOWN, replies.cannot_show(room.channel_id))
    untold = (facts.untold and room.chat) or not (shown or facts.marked)
    return Enter() if moved or untold else Record()
