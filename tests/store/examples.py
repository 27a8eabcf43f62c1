"""Example values for the tests of the store."""

from dataclasses import replace

from notetaker.model.meeting import Meeting
from notetaker.model.minutes import Item, Kind, Minutes, PartMinutes
from notetaker.model.notes import Posting
from notetaker.model.utterance import Clip, Utterance

SECOND = 1_000_000_000
STARTED = 1_795_000_000 * SECOND

MEETING = Meeting(
    id="20261118-090640-k3f9qz",
    guild_id=2**62 + 1,
    voice_channel_id=2**62 + 2,
    voice_channel_name="Überraschung 🎉",
    text_channel_id=2**62 + 3,
    started_by=2**62 + 4,
    started_ns=STARTED,
)
POINT = Item(Kind.POINT, "We have shipped the lamp.", ("u1", "u2"))
DECISION = Item(Kind.DECISION, "We ship the radio on Friday.", ("u2",), overturned=True)
ACTION = Item(Kind.ACTION, "Ada ships the radio on Friday.", ("u2",), "Ada", "on Friday")
NOTES = Minutes(
    title="Radio, lamp",
    summary=(POINT,),
    parts=(PartMinutes("Radio", (POINT, DECISION, ACTION), STARTED, "built-in", 1, "It is away."),),
    decisions=(DECISION,),
    actions=(ACTION,),
    questions=(),
    made_by=("built-in",),
    dropped=1,
)
NO_NOTES = Minutes("", (), (), (), (), (), ("nobody",), 0)
POSTING = Posting(MEETING.id, MEETING.text_channel_id, "# Notes\n", "transcript.md", "Ada: we ship\n")


def meeting(number: int) -> Meeting:
    """Make a meeting; a greater number starts later."""
    return replace(MEETING, id=f"{MEETING.id}-{number}", started_ns=STARTED + number * SECOND)


def utterance(number: int, meeting_id: str = MEETING.id, segment: int = 1) -> Utterance:
    """Make an utterance; a greater number starts later."""
    return Utterance(
        meeting_id=meeting_id,
        user_id=2**62 + 5,
        clip=Clip(segment=segment, start_offset=100 * number, end_offset=100 * number + 90, ssrc=2**32 - 1),
        started_ns=STARTED + number * SECOND,
        ended_ns=STARTED + number * SECOND + SECOND // 2,
        packets=25,
    )
