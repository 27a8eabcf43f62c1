"""Everything the slash commands say. ``<#id>`` is shown by Discord as a link to the channel."""

from notetaker.discordbot.ports import Stopped
from notetaker.model.meeting import Meeting

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
CRASH = "The bot stopped unexpectedly."


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


def started(meeting: Meeting) -> str:
    """Public: everyone has a right to know that they are recorded."""
    return (
        f"🔴 **Notes are being taken in <#{meeting.voice_channel_id}>.** From now on I record what everyone in "
        f"that channel says and turn it into text; <@{meeting.started_by}> asked me to. "
        "/stopnotes ends it, and the notes are then posted here."
    )


def stopped(stopped: Stopped) -> str:
    meeting = stopped.meeting
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


def ended_unasked(meeting: Meeting, why: str) -> str:
    return (
        f"{why} The notes of <#{meeting.voice_channel_id}> therefore end here. What was said until now is safe, and "
        "the notes will be posted here. Type /startnotes to go on."
    )


def join_failed(channel_id: int, reason: str) -> str:
    return (
        f"I could not join <#{channel_id}>. {reason} Type the command again in a minute; if it goes on like this, "
        "try another voice channel, or give this one another region in its settings, and tell the person who runs "
        "the bot: the details are in its log."
    )
