"""Where a meeting's notes may go."""

from dataclasses import dataclass

from notetaker.model.meeting import Meeting


@dataclass(frozen=True, slots=True)
class Place:
    id: int
    """Of a channel, or of the user who gets a direct message."""
    direct: bool = False


def places(meeting: Meeting) -> list[Place]:
    """Return all places, in the order in which they are tried: where the notes were to go, where the meeting was
    stopped, the chat of its voice channel, a direct message to the person who started it.
    """
    channels = (meeting.text_channel_id, meeting.stopped_in, meeting.voice_channel_id)
    known = dict.fromkeys(channel_id for channel_id in channels if channel_id is not None)
    return [*map(Place, known), Place(meeting.started_by, direct=True)]
