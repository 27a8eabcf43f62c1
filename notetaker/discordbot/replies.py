"""Everything the bot says in a server, except the notes themselves.

Discord shows ``<#id>`` as a link to the channel and ``<t:seconds:style>`` as a time in the reader's own zone
(Discord docs, Reference, Message Formatting).
"""

from collections.abc import Sequence

from notetaker.discordbot.ports import Started, Stopped
from notetaker.model.languages import english_name
from notetaker.model.mark import Mark
from notetaker.model.meeting import Meeting
from notetaker.model.transcript import Gap
from notetaker.model.vocabulary import Entry
from notetaker.model.wording import SECOND_NS, clip, count, duration
from notetaker.notes.markdown import escape

NOT_IN_DMS = (
    "I take notes in a server's voice channels, not in direct messages. Use this command in a server."
)
NOT_A_MEMBER = (
    "I'm not a member of this server, or Discord has an outage. Someone who manages the server can invite me again, "
    "with the scopes `bot` and `applications.commands`."
)
NOT_IN_A_VOICE_CHANNEL = (
    "You're not in a voice channel that I can see. Join one and try again. If you are in one, I need the View "
    "Channel permission there."
)
NOT_CONNECTED = "I'm not in a voice channel in this server."
NOBODY_TO_HEAR = (
    "🔒 Nobody to hear yet: nobody else there takes part in the call's end-to-end encryption. As soon as someone "
    "joins who does, I'll hear them."
)
MEETING_OVER = "That meeting has ended, so this button does nothing any more."
MARK_NOT_KEPT = (
    "I couldn't keep that mark, because my database isn't working. What is said is still being recorded. Please "
    "try again in a moment."
)
NOT_RUNNING = "I'm not taking notes in this server. To start, join a voice channel and use /startnotes."
INTERNAL_FAILURE = (
    "Something went wrong on my side; the details are in my log. Anything already recorded is safe. "
    "Please try again. If it keeps happening, tell the person who runs this bot."
)

CANNOT_WRITE = (
    "I can't start, because I can't save anything right now: my disk or database isn't working. "
    "The person who runs this bot can find the reason in its log."
)
NO_SETTINGS = (
    "I can't read or save this server's settings right now: my database isn't working. Try again in a minute; the "
    "person who runs this bot can find the reason in its log."
)
NO_NOTES = (
    "I can't read the notes right now: my database isn't working. Try again in a minute; the person who runs this "
    "bot can find the reason in its log."
)
NO_MEETINGS = (
    "There are no meetings here that you can see. You need to see both the voice channel and the text channel where "
    "the notes are posted."
)
STILL_LOOKING = "I'm still looking for the answer to your last question. Ask again once it is there."
NOT_MET = "Only people who have been in a meeting here, or manage the server, can correct how I spell names."
NOT_YOURS = (
    "Only the person who started the meeting can delete it, or someone with the Manage Server permission."
)
NOT_FINISHED = (
    "That meeting's notes are not posted yet. Stop it if it is going on, and delete it once they are."
)
CANNOT_DELETE = (
    "I can't delete that right now: my disk or database isn't working, and a part may still be there. Try again in a "
    "minute; the person who runs this bot can find the reason in its log."
)
NO_WORDS = "That has only words that everybody uses all the time. Say what you are looking for."
SHUTDOWN = "I'm being stopped or restarted by the person who runs me."
STOPPED = "I was stopped, and was away for too long to resume."
CRASH = "I stopped unexpectedly."
GUILD_GONE = "I'm no longer a member of this server."
CHANNEL_GONE = "The voice channel no longer exists."
ROOM_EMPTY = "Everyone has left the voice channel."
TOO_LONG = "This meeting has become as long as I take notes at a stretch."

TYPED_MAX = 100
"""How many characters to repeat of what a person has typed."""

NEWCOMERS_MAX = 20
"""How many newcomers to name in one message."""

_TRYING = "I'll keep trying at regular intervals."
_TO_TRY = (
    "If this keeps happening, try another voice channel or change this one's region override, and tell the person "
    "who runs this bot: the details are in its log."
)


def joined(channel_id: int) -> str:
    return f"I'm in <#{channel_id}>. I won't record anything until someone uses /startnotes."


def already_joined(channel_id: int) -> str:
    return f"I'm already in <#{channel_id}>. I won't record anything until someone uses /startnotes."


def already_running(meeting: Meeting) -> str:
    return (
        f"I've been taking notes in <#{meeting.voice_channel_id}> since <t:{meeting.started_ns // SECOND_NS}:t>, and "
        "I can only be in one voice channel per server. Use /stopnotes to stop."
    )


def not_in_the_room(meeting: Meeting) -> str:
    return (
        f"That's for the people in <#{meeting.voice_channel_id}>, for <@{meeting.started_by}>, who started the "
        "notes, and for those who manage this server."
    )


def only_connected(channel_id: int) -> str:
    return (
        f"I'm in <#{channel_id}>, but I'm not taking notes. Use /startnotes to start, or use /leavevoice to make me "
        "leave."
    )


def deleted(label: str, messages_left: int) -> str:
    """``messages_left`` is how many messages Discord did not delete."""
    gone = f"Deleted: {escape(label)}, with its notes, its transcript and its sound."
    if not messages_left:
        return f"{gone} What people have downloaded is out of my reach."
    left = count(messages_left, "message")
    return f"{gone} I could not delete {left} of mine with its words; someone who manages messages there can."


def no_such_meeting(text: str) -> str:
    """``text`` is what the person typed. The same for a meeting that they may not see: that tells nobody of it."""
    return (
        f"There is no meeting “{escape(clip(text, TYPED_MAX))}” here that you can see. Pick one from the list that "
        "appears as you type."
    )


def unknown_language(text: str) -> str:
    """``text`` is what the person typed as the language."""
    return (
        f"I don't know the language “{escape(clip(text, TYPED_MAX))}”. Pick one from the list that appears as you "
        "type, or leave the option out and I'll detect what each person speaks."
    )


def unknown_kind(text: str) -> str:
    """``text`` is what the person typed as the kind of notes."""
    return (
        f"I don't know the kind of notes “{escape(clip(text, TYPED_MAX))}”. Pick one from the list that appears as "
        "you type, or leave the option out."
    )


def unknown_time_zone(text: str) -> str:
    """``text`` is what the person typed as the time zone."""
    return (
        f"I don't know the time zone “{escape(clip(text, TYPED_MAX))}”. Pick one from the list that appears as you "
        "type a city, for example Berlin."
    )


def vocabulary_full(most: int) -> str:
    return f"This server's vocabulary can't have more than {most} entries. Remove some with /settings vocabulary."


def corrected_enough(most: int) -> str:
    return (
        f"You have corrected {most} names already, the most for one person. Ask someone who manages the server to "
        "add this one with /settings vocabulary, or to remove another."
    )


def not_a_term(text: str, fault: str) -> str:
    """``text`` is what the person typed as a name or term, ``fault`` what is wrong with it."""
    return f"I can't use “{escape(clip(text, TYPED_MAX))}”: it {fault}. Use a name or a short term, as it is written."


def corrected(entry: Entry) -> str:
    """For who has told us how a term is spelled, and perhaps what was heard in its place."""
    if entry.heard is None:
        return f"From now on, I expect **{escape(entry.term)}** and know how it is spelled."
    return (
        f"From now on, I write **{escape(entry.term)}** where I hear “{escape(entry.heard)}”, also in the notes of a "
        "meeting that is going on. Notes that are posted already stay as they are. Those who manage the server can "
        "undo this with /settings vocabulary."
    )


def too_common(text: str) -> str:
    """``text`` is what the person wants to be replaced."""
    return (
        f"“{escape(text)}” is too common a word to be replaced everywhere. Give me more of what the notes have, for "
        "example the words beside it."
    )


def not_in_vocabulary(text: str) -> str:
    """``text`` is what the person typed to be removed."""
    return (
        f"“{escape(clip(text, TYPED_MAX))}” isn't in this server's vocabulary. Pick an entry from the list that "
        "appears as you type."
    )


def started(started: Started) -> str:
    """A public message, because everyone has a right to know that they are being recorded."""
    meeting = started.meeting
    channel = f"<#{meeting.voice_channel_id}>"
    if meeting.language is not None:
        channel += f", in {english_name(meeting.language)}"
    if started.reason is not None:
        return (
            f"⚠️ **I'm supposed to take notes in {channel}, but I can't join it yet.** {started.reason} {_TRYING} As "
            f"soon as I'm in, I'll say so here and start recording {whom(started.opt_in)}, as "
            f"<@{meeting.started_by}> asked. Use /stopnotes to stop. {_TO_TRY}"
        )
    return (
        f"🔴 **I'm taking notes in {channel}.** I'm recording {whom(started.opt_in)} and turning what they say "
        f"into text, as <@{meeting.started_by}> asked. Use /stopnotes to stop; I'll post the notes here."
        + (f" {NOBODY_TO_HEAR}" if started.nobody_to_hear else "")
    )


def joined_at_last(meeting: Meeting, *, opt_in: bool = False) -> str:
    return (
        f"🔴 **I'm in <#{meeting.voice_channel_id}> now** and recording {whom(opt_in)}. Use /stopnotes to "
        "stop; I'll post the notes here."
    )


def stopped(stopped: Stopped) -> str:
    meeting = stopped.meeting
    if not stopped.connected:
        return (
            f"I stopped trying to join <#{meeting.voice_channel_id}>. I never got in, so there is nothing to write "
            f"down. I'll post a short report in <#{meeting.text_channel_id}>."
        )
    if not stopped.speakers:
        return (
            f"I stopped recording in <#{meeting.voice_channel_id}>. I didn't hear anyone, so there is nothing to "
            "write down. If people did speak, check that they weren't muted; if they weren't, tell the person who "
            f"runs this bot. I'll post a short report in <#{meeting.text_channel_id}>."
        )
    people = "one person" if stopped.speakers == 1 else f"{stopped.speakers} people"
    return (
        f"I stopped recording in <#{meeting.voice_channel_id}>. I heard {people}, and I'll post the notes in "
        f"<#{meeting.text_channel_id}> when they're ready."
    )


def marked(mark: Mark) -> str:
    text = f": {escape(mark.text)}" if mark.text else "."
    return f"🔖 Marked <t:{mark.at_ns // SECOND_NS}:T>{text}"


def notes_elsewhere(channel_id: int) -> str:
    """``channel_id`` is where they were to go."""
    return f"These notes were meant for <#{channel_id}>, but I can't post there."


def left(channel_id: int) -> str:
    return f"I've left <#{channel_id}>."


def no_longer_joining(channel_id: int) -> str:
    return f"I wasn't in <#{channel_id}> yet, and I've stopped trying to join."


def overtaken(channel_id: int | None) -> str:
    """``channel_id`` is where the newer command sends the bot."""
    newer = "leave the voice channel" if channel_id is None else f"join <#{channel_id}>"
    return f"I skipped this command, because a newer one asks me to {newer}."


def stopped_unasked(meeting: Meeting, reason: str) -> str:
    return (
        f"{reason} I've stopped taking notes in <#{meeting.voice_channel_id}>. Everything said until then is safe, "
        "and I'll post the notes here. Use /startnotes to start again."
    )


def about(meeting: Meeting, text: str) -> str:
    """``text`` in a direct message, which is in no server."""
    return f"About your meeting in {escape(meeting.voice_channel_name)}: {text}"


def recording_here(meeting: Meeting, *, opt_in: bool = False) -> str:
    """In the chat of the voice channel, for the people in it."""
    return (
        f"🔴 **I'm taking notes here.** I'm recording {whom(opt_in, 'this')} and turning what they say into text, "
        f"as <@{meeting.started_by}> asked. I'll post the notes in <#{meeting.text_channel_id}>. Use /stopnotes to "
        "stop."
    )


def newcomers(user_ids: Sequence[int]) -> str:
    """In the chat of the voice channel. Nobody is notified."""
    return f"{named(user_ids)}: notes are being taken here, and you are recorded. Use /stopnotes to stop."


def named(user_ids: Sequence[int]) -> str:
    people = ", ".join(f"<@{user_id}>" for user_id in user_ids[:NEWCOMERS_MAX])
    more = f" and {len(user_ids) - NEWCOMERS_MAX} more" if len(user_ids) > NEWCOMERS_MAX else ""
    return people + more


def moved_here(meeting: Meeting, from_id: int, *, opt_in: bool = False) -> str:
    """In the chat of the voice channel to which the bot was moved from ``from_id``."""
    return (
        f"🔴 **I've been moved here from <#{from_id}> and am taking notes.** I'm recording {whom(opt_in, 'this')} "
        f"from now on, and I'll post the notes in <#{meeting.text_channel_id}>. Use /stopnotes to stop."
    )


def moved_to(channel_id: int, *, opt_in: bool = False) -> str:
    """Where the notes go."""
    return (
        f"🔴 I've been moved to <#{channel_id}> and am recording {whom(opt_in)} now. It becomes a new part "
        "of the same notes. Use /stopnotes to stop."
    )


def not_recording(reason: str) -> str:
    """``reason`` is in sentences."""
    return (
        f"⏸️ I'm not recording now. {reason} As soon as that has changed, I'll record again. Everything said until "
        "now is safe. Use /stopnotes to end the notes."
    )


def cannot_show(channel_id: int) -> str:
    return (
        f"I can't show the people in <#{channel_id}> that they're being recorded: I need the Send Messages "
        "permission in that channel's chat. Someone who manages the server can grant it."
    )


def ends_soon(meeting: Meeting, longest_s: float) -> str:
    ends_s = round(meeting.started_ns / SECOND_NS + longest_s)
    return (
        f"⏳ I'll stop taking notes at <t:{ends_s}:t> and post them, because I don't take notes for longer than "
        f"{duration(round(longest_s * SECOND_NS))} at a stretch. Use /startnotes then to go on."
    )


def suspended(meeting: Meeting, until_s: int) -> str:
    """``until_s`` is in Unix seconds."""
    return (
        f"{SHUTDOWN} I'm not recording in the meantime. Everything said in <#{meeting.voice_channel_id}> so far is "
        f"safe. If I'm back before <t:{until_s}:t>, I'll resume; otherwise the notes end here, and I'll post them "
        "when I'm back."
    )


def back(meeting: Meeting, gap: Gap, *, opt_in: bool = False, paused: bool = False) -> str:
    started_s, ended_s = gap.started_ns // SECOND_NS, gap.ended_ns // SECOND_NS
    length = duration(gap.ended_ns - gap.started_ns)
    room = f"<#{meeting.voice_channel_id}>"
    now = f"I'm recording {'those who agree' if opt_in else 'everyone'} in {room} again."
    if paused:
        now = f"The notes of {room} are still paused, and nothing is recorded until somebody presses Resume."
    return (
        f"🔴 I was away from <t:{started_s}:T> to <t:{ended_s}:T> ({length}): {gap.cause.rstrip('.')}. I missed what "
        f"was said in that time. {now} Use /stopnotes to stop."
    )


def still_away(channel_id: int, reason: str) -> str:
    return (
        f"⚠️ I can't get back into <#{channel_id}>, so I'm not recording there. {reason} {_TRYING} As soon as I'm in, "
        f"I'll say so here and resume the notes. Use /stopnotes to stop. {_TO_TRY}"
    )


def deafened(channel_id: int) -> str:
    return (
        f"⚠️ A moderator has deafened me in <#{channel_id}>. Until I'm undeafened I can't hear anyone, and what is "
        "said will be missing from the notes."
    )


def undeafened(channel_id: int) -> str:
    return f"I'm no longer deafened in <#{channel_id}> and can hear everyone again."


def join_failed(channel_id: int, reason: str) -> str:
    return f"I couldn't join <#{channel_id}>. {reason} {_TO_TRY}"


def join_failed_trying(channel_id: int, reason: str) -> str:
    return f"I couldn't join <#{channel_id}> yet. {reason} {_TRYING} Use /leavevoice to stop. {_TO_TRY}"


def whom(opt_in: bool, channel: str = "that") -> str:
    """Return who is recorded, as people are told."""
    return f"those in {channel} channel who agree" if opt_in else f"everyone in {channel} channel"
