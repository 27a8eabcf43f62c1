"""Being recorded, or not: the buttons for it, and what is said about it."""

from collections.abc import Sequence
from typing import Any

from notetaker.discordbot.ports import Standing
from notetaker.discordbot.replies import named, whom
from notetaker.model.consent import NOTICE, OPT_IN
from notetaker.model.meeting import Meeting
from notetaker.model.wording import SECOND_NS, clip, count
from notetaker.notes.markdown import escape

PREFIX = "notes"
REFUSE, ALLOW = "refuse", "allow"

Rows = list[dict[str, Any]]
"""Rows of components, as Discord takes them."""

REFUSED = (
    "Done: I don't record you. Your voice is dropped before I could hear or store it, in every meeting of this "
    "server, until you change your mind. The others are recorded as before. What I recorded of you until now is "
    "kept; /privacy status says what that is."
)
ALLOWED = (
    "Done: I record you from now on, whenever notes are taken in this server, until you change your mind."
)
REFUSAL_NOT_KEPT = (
    "I don't record you any more. But my database isn't working, so I would forget that if I were restarted: please "
    "answer again in a few minutes."
)
AGREEMENT_NOT_KEPT = (
    "I can't store your answer right now: my database isn't working. Until I can, nothing changes. Please try again "
    "in a few minutes."
)
PAUSED = "Paused: nothing is recorded until somebody presses Resume."
RESUMED = "The notes go on: I'm recording again."
ALREADY_PAUSED = "The notes are paused already, and nothing is recorded. Press Resume to go on."
NOT_PAUSED = "The notes aren't paused: I'm recording."
NO_WORDS = "There is nothing of yours in the texts of this server."
WORDS_CUT = (
    "These are all the words I have of you in this server, except for the oldest: the file got too large."
)
WORDS = "These are all the words I have of you in this server. Only you see this."

NAME_MAX = 64
"""Most characters of the name of who pauses a meeting."""

_GREEN, _GREY = 3, 2  # Discord docs, Components, Button Styles: success, secondary


def custom_id(action: str, meeting_id: str) -> str:
    return f"{PREFIX}:{action}:{meeting_id}"


def buttons(meeting_id: str, *, opt_in: bool) -> Rows:
    """Return the buttons with which people say whether they are recorded. Each one says so for themselves only."""
    if opt_in:
        return _row(
            button(ALLOW, "Yes, record me", _GREEN, meeting_id), button(REFUSE, "No", _GREY, meeting_id)
        )
    return _row(button(REFUSE, "Don't record me", _GREY, meeting_id))


def again(action: str, meeting_id: str) -> Rows:
    """Return the button that takes back an answer."""
    if action == REFUSE:
        return _row(button(ALLOW, "Record me again", _GREY, meeting_id))
    return _row(button(REFUSE, "Don't record me", _GREY, meeting_id))


def asked(user_ids: Sequence[int]) -> str:
    """In the chat of the voice channel, where only those who agree are recorded. Nobody is notified."""
    return (
        f"{named(user_ids)}: notes are being taken here. May I record your voice for them, and turn it into text? "
        "Until you press Yes, I don't."
    )


def paused(meeting: Meeting, name: str) -> str:
    return (
        f"⏸️ {escape(clip(name, NAME_MAX))} paused the notes of <#{meeting.voice_channel_id}>. Nothing is recorded "
        "until somebody presses Resume."
    )


def resumed(meeting: Meeting, *, opt_in: bool = False) -> str:
    return f"🔴 The notes go on: I'm recording {whom(opt_in)} again, in <#{meeting.voice_channel_id}>."


def standing(standing: Standing) -> str:
    """The answer to /privacy status."""
    answer, at = standing.answer, ""
    if answer is not None:
        at = f"<t:{answer.at_ns // SECOND_NS}:D>"
    if answer is None:
        said = "You haven't answered yet whether I may record you."
    elif not answer.agreed:
        said = f"You refused to be recorded on {at}."
    elif standing.holds:
        said = f"You agreed to be recorded on {at}."
    else:
        said = f"You agreed to be recorded on {at}, to an earlier version of the privacy policy."
    refused = answer is not None and not answer.agreed
    recorded = not refused if standing.mode == NOTICE else standing.holds and not refused
    return "\n".join(
        [
            f"### {'I record you' if recorded else 'I don’t record you'} in this server",
            f"- {said}",
            f"- Here {MODES[standing.mode]}.",
            f"- You were heard in {count(standing.meetings, 'meeting')} of this server.",
            "- Of each meeting I keep the sound, the text and the notes until the person who runs this bot deletes "
            "them. Notes and live text are messages in this server, too.",
            "- /privacy refuse and /privacy allow change your answer; /privacy export gives you your words.",
        ]
    )


MODES = {
    NOTICE: "everyone is recorded who hasn't refused",
    OPT_IN: "only those are recorded who have agreed",
}
"""By mode, what it means."""


def _row(*components: dict[str, Any]) -> Rows:
    return [{"type": 1, "components": [*components]}]


def button(action: str, label: str, style: int, meeting_id: str) -> dict[str, Any]:
    return {"type": 2, "style": style, "label": label, "custom_id": custom_id(action, meeting_id)}
