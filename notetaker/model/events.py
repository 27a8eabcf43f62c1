"""Log events for operators. In the systemd journal each has a MESSAGE_ID, by which ``journalctl -x`` explains it
(``deploy/systemd/notetaker.catalog``), and fields to filter by.

A MESSAGE_ID never changes, because alerts refer to it.
"""

from dataclasses import dataclass
from typing import TypedDict, Unpack

from notetaker.model.meeting import Meeting
from notetaker.model.voice_status import VoicePhase

MESSAGE_ID = "MESSAGE_ID"
FIELDS = (
    "MEETING_ID",
    "GUILD_ID",
    "CHANNEL_ID",  # of the voice channel
    "VOICE_STATE",  # a VoicePhase: the new state of the guild's voice
    "VOICE_CLOSE_CODE",  # of the voice websocket; 1006 if it ended without a close frame
    "ATTEMPT",  # its number in the round, from 1; 0 after Discord moved the call
    "GAP_MS",
)
"""All fields. None contains speech, names or secrets."""


class Values(TypedDict, total=False):
    """Values of the fields."""

    meeting_id: str
    guild_id: int
    channel_id: int | None
    voice_close_code: int | None
    attempt: int
    gap_ms: int


@dataclass(frozen=True, slots=True)
class Event:
    """A kind of log line."""

    message_id: str
    fields: tuple[str, ...] = ()
    """Its fields. VOICE_CLOSE_CODE and CHANNEL_ID are omitted if they have no value."""
    voice_state: VoicePhase | None = None
    """The new state of the guild's voice."""

    def __call__(self, **values: Unpack[Values]) -> dict[str, int | str]:
        """Return the ``extra`` for the log line."""
        extra: dict[str, int | str] = {MESSAGE_ID: self.message_id}
        if self.voice_state is not None:
            extra["VOICE_STATE"] = self.voice_state.value
        for name, value in values.items():
            if isinstance(value, int | str):
                extra[name.upper()] = value
        return extra

    def of(self, meeting: Meeting, **values: Unpack[Values]) -> dict[str, int | str]:
        """Return the ``extra`` for a log line about a meeting."""
        extra = self(meeting_id=meeting.id, guild_id=meeting.guild_id, channel_id=meeting.voice_channel_id)
        return extra | self(**values)


_MEETING = ("MEETING_ID", "GUILD_ID", "CHANNEL_ID")
_VOICE = ("GUILD_ID", "CHANNEL_ID", "VOICE_STATE")

# The process

READY = Event("c455eae376724092800d15a777e266cf")
STOPPING = Event("1575989f2df041d8a87080c0fbb54775")
SETTINGS_WRONG = Event("cd1f2effbde1423094c53706b22d205b")
TOKEN_REJECTED = Event("47cc3499817b4693b93bc07890269346")
ALREADY_RUNNING = Event("c4caf992918b44ee9e7cae66c5a02aba")
UNAVAILABLE = Event("f5e49d02d211498d998b061a7098ec10")
BUG = Event("149094c0665f4d6fb4438a6bea8aad94")
UNHEALTHY = Event("0abe6bbd9937473ba59980e45939bbbc")
ABORTED = Event("18c47da22dd7428999cc9e0ec1b8a840")

# Discord

GATEWAY_UP = Event("7a25aeb1ae9d48e1a04155d6745752de")
GATEWAY_LOST = Event("cdfa509fb8b84ffabde39a818cccb324")
DUPLICATE_INSTANCE = Event("1c4d626b03774b09b9b131ea45a5288e")

# Voice

VOICE_UP = Event("dbb77475d5344640a14214c66ee71238", _VOICE, VoicePhase.CONNECTED)
VOICE_LOST = Event("3b3db6cd15b4433caa58dfcd6dca0bce", (*_VOICE, "VOICE_CLOSE_CODE"), VoicePhase.CONNECTING)
VOICE_RESUMING = Event("68ac1f06097f4cb6af591ac45b07d159", (*_VOICE, "VOICE_CLOSE_CODE"), VoicePhase.RESUMING)
VOICE_RESUMED = Event("e4975c46d36740cdb9e32d88d39e71cb", _VOICE, VoicePhase.CONNECTED)
VOICE_ATTEMPT_FAILED = Event(
    "e940272e37ac401b863de6aeecb2d262", (*_VOICE, "VOICE_CLOSE_CODE", "ATTEMPT"), VoicePhase.CONNECTING
)
VOICE_WAITING = Event("c1ea8a0d26dc4dd3a40b69edec15a050", _VOICE, VoicePhase.WAITING)
REGIONS_UNKNOWN = Event("b90b47b8148046148f17ef729530f1d1")
VOICE_GHOST = Event("c3e881a6189649c6889b74c5070bb85f", ("GUILD_ID", "VOICE_STATE"), VoicePhase.IDLE)

# Meetings

MEETING_STARTED = Event("552b37f4ac0d494fb4e7fb208b4de402", _MEETING)
MEETING_ENDED = Event("28b22a09c2f647a6810b8025034d63cd", _MEETING)
MEETING_SUSPENDED = Event("d1633d11a7ac4f62bac304db973918d2", _MEETING)
MEETING_RESUMED = Event("d75e802956ea4e3491ef2a6bb37d0fe8", _MEETING)
MEETING_INTERRUPTED = Event("3ea243190d294468bcfed4a36c69c8db", _MEETING)
MEETING_NOT_STORED = Event("298182e4cadb4573ad51f2c25b821e3a", _MEETING)
RECORDING_REFUSED = Event("3357dcbf942b4006a0344aa618e94ad7", _MEETING)
RECORDING_AGAIN = Event("f04e74ca184c4cc4ab13338e8328907c", _MEETING)
GAP = Event("897c04232ce649198703d4d1e1030ce0", (*_MEETING, "GAP_MS"))
NOTES_POSTED = Event("655749afc3164efcacd9a5bebf435e4b", ("MEETING_ID",))
NOTES_NOT_POSTED = Event("6eb9f18e0099425ebd292b12908a13b9", ("MEETING_ID",))
NOTES_UNDELIVERED = Event("c84572a912a24f178b1aacb3f3099e6d", ("MEETING_ID",))
JOB_FAILED = Event("de013cec988e4529a057271f12ca1da5")


def without_text(error: BaseException) -> Exception:
    """Return an exception to log: the message of a KeyError may be a word that somebody has said."""
    return RuntimeError(type(error).__name__).with_traceback(error.__traceback__)
