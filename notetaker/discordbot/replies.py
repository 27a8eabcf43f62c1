"""Everything the bot says in a server but for the notes.

Discord shows ``<#id>`` as a link to the channel and ``<t:seconds:style>`` as a time in the reader's own zone
(Discord docs, Reference, Message Formatting).
"""

from notetaker.discordbot.ports import Started, Stopped
from notetaker.model.languages import english_name
from notetaker.model.meeting import Meeting
from notetaker.model.transcript import Gap
from notetaker.model.wording import SECOND_NS, clip, duration
from notetaker.notes.markdown import escape

NOT_IN_DMS = (
    "I take notes in a server's voice channels, not in direct messages: type this in a channel of the server."
)
NOT_A_MEMBER = (
    "I can answer here, but I am not a member of this server, or Discord has an outage and has not told me "
    "about it. Someone who manages the server can invite me again, with the scopes bot and applications.commands."
)
NOT_IN_A_VOICE_CHANNEL = (
    "You are not in a voice channel that I can see. Join one, then type this again. If you are in one, I lack the "
    "permission View Channel there."
)
NOT_CONNECTED = "I am not in a voice channel of this server, so there is nothing to leave."
NOT_RUNNING = (
    "No notes are being taken in this server. Join a voice channel and type /startnotes to start some."
)
INTERNAL_TROUBLE = (
    "Something went wrong inside the bot, and it is in the bot's log. Sound that was recorded is safe. "
    "Try again; if it happens again, tell the person who runs the bot."
)

CANNOT_WRITE = (
    "I cannot store anything at the moment, so I have not started: the disk or the database of the bot does not "
    "work. The person who runs the bot finds the reason in its log."
)
SHUTDOWN = "The bot is being stopped or restarted by the person who runs it."
STOPPED = "The bot was stopped, and has been away for too long to go on."
CRASH = "The bot stopped unexpectedly."
GUILD_GONE = "I am not a member of this server any more."
CHANNEL_GONE = "The voice channel does not exist any more."

LANGUAGE_MAX = 100
"""Characters of a language that is not one are repeated."""

_TRYING = (
    "I go on trying: whenever something happens in a voice channel of this server, and at regular intervals "
    "anyway."
)
_TO_TRY = (
    "If it goes on like this, try another voice channel, or give this one another region in its settings, and tell "
    "the person who runs the bot: the details are in its log."
)


def joined(channel_id: int) -> str:
    return f"I am in <#{channel_id}>. Nothing is recorded until someone types /startnotes."


def already_joined(channel_id: int) -> str:
    return f"I am already in <#{channel_id}>. Nothing is recorded until someone types /startnotes."


def already_running(meeting: Meeting) -> str:
    return (
        f"I am already taking notes in <#{meeting.voice_channel_id}>, since "
        f"<t:{meeting.started_ns // 1_000_000_000}:t>, and can be in only one voice channel of a server at a time. "
        "/stopnotes ends them."
    )


def only_connected(channel_id: int) -> str:
    return (
        f"I am in <#{channel_id}>, but no notes are being taken. /startnotes starts some, "
        "/leavevoice sends me out."
    )


def unknown_language(text: str) -> str:
    """``text``: what was typed in place of a language."""
    return (
        f"I don't know the language “{escape(clip(text, LANGUAGE_MAX))}”: pick one from the list that appears as you "
        "type, or leave the option out and I detect what each person speaks."
    )


def started(started: Started) -> str:
    """Public: everyone has a right to know that they are recorded."""
    meeting = started.meeting
    channel = f"<#{meeting.voice_channel_id}>"
    if meeting.language is not None:
        channel += f", in {english_name(meeting.language)}"
    if started.trouble is not None:
        return (
            f"⚠️ **I am to take notes in {channel}, and could not join it so far.** {started.trouble} {_TRYING} As "
            f"soon as I am in, I say so here, and record what everyone in that channel says; "
            f"<@{meeting.started_by}> asked me to. /stopnotes ends it. {_TO_TRY}"
        )
    return (
        f"🔴 **Notes are being taken in {channel}.** From now on I record what everyone in "
        f"that channel says and turn it into text; <@{meeting.started_by}> asked me to. "
        "/stopnotes ends it, and the notes are then posted here."
    )


def begun_at_last(meeting: Meeting) -> str:
    return (
        f"🔴 **I am in <#{meeting.voice_channel_id}> now.** From here on I record what everyone in that channel "
        "says. /stopnotes ends it, and the notes are then posted here."
    )


def stopped(stopped: Stopped) -> str:
    meeting = stopped.meeting
    if not stopped.connected:
        return (
            f"I never got into <#{meeting.voice_channel_id}>, so there is nothing to write down, and I no longer "
            f"try. A short report follows in <#{meeting.text_channel_id}>."
        )
    if not stopped.speakers:
        return (
            f"Recording in <#{meeting.voice_channel_id}> has ended, and I heard nobody, so there is nothing to "
            "write down. If people did speak, check that they were not muted; if they were not, tell the person "
            f"who runs the bot. A short report follows in <#{meeting.text_channel_id}>."
        )
    people = "one person" if stopped.speakers == 1 else f"{stopped.speakers} people"
    return (
        f"Recording in <#{meeting.voice_channel_id}> has ended; I heard {people}. "
        f"The notes are on the way and will be posted in <#{meeting.text_channel_id}>."
    )


def left(channel_id: int) -> str:
    return f"I have left <#{channel_id}>."


def no_longer_joining(channel_id: int) -> str:
    return f"I was not in <#{channel_id}> yet, and no longer try to get in."


def overtaken(channel_id: int | None) -> str:
    """``channel_id``: where the later command wants the bot to be."""
    meanwhile = "to leave the voice channel" if channel_id is None else f"to be in <#{channel_id}>"
    return f"Meanwhile somebody has asked me {meanwhile}, and the latest word counts."


def ended_unasked(meeting: Meeting, why: str) -> str:
    return (
        f"{why} The notes of <#{meeting.voice_channel_id}> therefore end here. What was said until now is safe, and "
        "the notes will be posted here. Type /startnotes to go on."
    )


def suspended(meeting: Meeting, until_s: int) -> str:
    """``until_s``: Unix seconds."""
    return (
        f"{SHUTDOWN} Nothing is recorded meanwhile. What was said in <#{meeting.voice_channel_id}> until now is "
        f"safe. The notes go on by themselves if I am back before <t:{until_s}:t>; otherwise they end here, and are "
        "posted when I am back."
    )


def back(meeting: Meeting, absence: Gap) -> str:
    started_s, ended_s = absence.started_ns // SECOND_NS, absence.ended_ns // SECOND_NS
    length = duration(absence.ended_ns - absence.started_ns)
    return (
        f"🔴 I was away from <t:{started_s}:T> to <t:{ended_s}:T> ({length}): {absence.cause.rstrip('.')}. What was "
        f"said in that time is missing. The notes of <#{meeting.voice_channel_id}> go on: everyone is recorded "
        "again. /stopnotes ends them."
    )


def still_away(channel_id: int, trouble: str) -> str:
    return (
        f"⚠️ I am not in <#{channel_id}>, and cannot get back into it: nothing is recorded there. {trouble} "
        f"{_TRYING} As soon as I am in, I say so here, and the notes go on. /stopnotes ends them. {_TO_TRY}"
    )


def deafened(channel_id: int) -> str:
    return (
        f"⚠️ A moderator has deafened me in <#{channel_id}>: until that is undone I hear nothing, and what is said "
        "is missing from the notes."
    )


def undeafened(channel_id: int) -> str:
    return f"I am no longer deafened in <#{channel_id}>, and hear everyone again."


def join_failed(channel_id: int, reason: str) -> str:
    return f"I could not join <#{channel_id}>. {reason} {_TO_TRY}"


def join_failed_so_far(channel_id: int, reason: str) -> str:
    return f"I could not join <#{channel_id}> so far. {reason} {_TRYING} /leavevoice ends that. {_TO_TRY}"
