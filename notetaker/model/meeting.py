"""A meeting: one recording in one voice channel, from /startnotes to the posted notes."""

import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class MeetingState(StrEnum):
    RECORDING = "recording"
    FINISHING = "finishing"
    """Recording has stopped; the workers transcribe it and write the notes."""
    READY = "ready"
    """The notes are ready to be posted."""
    POSTED = "posted"
    UNDELIVERED = "undelivered"
    """The notes are ready, but can be posted nowhere."""


class Place(NamedTuple):
    """A voice channel in which a part of a meeting took place."""

    started_ns: int
    """Since when, Unix nanoseconds."""
    channel_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Meeting:
    id: str
    """A readable id that sorts by time and is safe as a folder name: ``20261122-143005-k3f9qz``."""
    guild_id: int
    voice_channel_id: int
    voice_channel_name: str
    text_channel_id: int
    """The channel in which the notes are posted."""
    started_by: int
    """User id of the person who used /startnotes."""
    started_ns: int
    ended_ns: int | None = None
    """Unix nanoseconds; None while recording."""
    state: MeetingState = MeetingState.RECORDING
    language: str | None = None
    """ISO 639-1 code of the spoken language, as chosen with /startnotes or by the server; None to detect it."""
    time_zone: str | None = None
    """IANA name of the time zone of its notes and transcript; None for the operator's."""
    stopped_in: int | None = None
    """The channel in which someone stopped it; None if nobody did."""
    kind: str | None = None
    """Name of the kind of notes, as chosen with /startnotes or by the server; None for the operator's."""

    @property
    def first_place(self) -> Place:
        """Where it started."""
        return Place(self.started_ns, self.voice_channel_id, self.voice_channel_name)


def new_meeting_id(started_ns: int) -> str:
    """Make an id for a meeting that starts at ``started_ns`` (UTC)."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(started_ns // 1_000_000_000))
    suffix = "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(6))
    return f"{stamp}-{suffix}"


@dataclass(frozen=True, slots=True)
class RunningMeeting:
    meeting: Meeting
    people: int
    """How many people have been heard."""
    paused: str | None = None
    """Why nobody is recorded now, a cause that ``transcript.is_pause``; None if people are."""
