"""The panel: one message that shows how a meeting is doing, with buttons. Everything about it in words.

Discord docs, Components, Button: at most five in a row, and 80 characters in a label. These labels fit on a phone.
"""

from collections.abc import Iterator

import discord

from notetaker.discordbot import consent
from notetaker.discordbot.consent import ALLOW, PREFIX, REFUSE, Rows, button, custom_id
from notetaker.model.languages import english_name
from notetaker.model.panel import Hearing, Panel, PanelState, Participant
from notetaker.model.wording import SECOND_NS, clip, count, duration
from notetaker.notes.markdown import escape

STOP, PAUSE, RESUME, MARK = "stop", "pause", "resume", "mark"
ACTIONS = frozenset({STOP, PAUSE, RESUME, MARK, REFUSE, ALLOW})
MARK_MAX = 200
"""Most characters of what a mark is about."""

_SIGNS = {Hearing.HEARD: "🟢", Hearing.QUIET: "⚪", Hearing.UNHEARD: "🟠", Hearing.REFUSED: "🚫"}
_NOTES = {Hearing.UNHEARD: ", speaks but cannot be heard", Hearing.REFUSED: ", not recorded"}
_MOST_NAMES = 8
_NAME = 32
_REASON = 300
_BEHIND_S = 5.0
"""Backlogs below this are what it takes to hear a sentence to its end."""
_RED, _GREY, _GREEN = 4, 2, 3  # Discord docs, Components, Button Styles: danger, secondary, success


def action_of(custom_id: str) -> tuple[str, str] | None:
    """Return action and meeting id of a button or modal of ours; None of any other."""
    prefix, _, rest = custom_id.partition(":")
    action, _, meeting_id = rest.partition(":")
    return (action, meeting_id) if prefix == PREFIX and action in ACTIONS and meeting_id else None


def text(panel: Panel) -> str:
    """Return the message, of at most 2000 characters."""
    return "\n".join(_lines(panel))


def buttons(panel: Panel) -> Rows:
    """Return the components below the message; none once the meeting has ended."""
    if panel.state in (PanelState.WRITING, PanelState.DONE):
        return []
    pause = (RESUME, "Resume", _GREEN) if panel.held else (PAUSE, "Pause", _GREY)
    found = [(STOP, "Stop", _RED), pause, (MARK, "Mark moment", _GREY)]
    row = [button(*each, panel.meeting.id) for each in found]
    return [{"type": 1, "components": row}, *consent.buttons(panel.meeting.id, opt_in=panel.opt_in)]


def mark_modal(meeting_id: str) -> discord.ui.Modal:
    """Return the modal that asks what a mark is about."""
    field = discord.ui.InputText(
        label="What is it about?", custom_id="text", required=False, max_length=MARK_MAX
    )
    return discord.ui.Modal(field, title="Mark this moment", custom_id=custom_id(MARK, meeting_id))


def _lines(panel: Panel) -> Iterator[str]:
    meeting = panel.meeting
    yield _headline(panel)
    if panel.people:
        yield _people(panel.people)
    if panel.state is PanelState.RECORDING and panel.behind_s >= _BEHIND_S:
        yield f"⏳ The text is {duration(round(panel.behind_s * SECOND_NS))} behind. The sound is safe."
    if panel.state is not PanelState.DONE:
        yield _where(panel)
    if panel.opt_in:
        yield "-# Only those who agree are recorded."
    language = f", in {english_name(meeting.language)}" if meeting.language else ""
    so_far = f" · {count(panel.words, 'word')}" if panel.words else ""
    yield f"-# Started by <@{meeting.started_by}>{language}{so_far}"


def _headline(panel: Panel) -> str:
    meeting = panel.meeting
    room = f"<#{meeting.voice_channel_id}>"
    started = f"<t:{meeting.started_ns // SECOND_NS}:R>"
    reason = f" {escape(clip(panel.reason, _REASON))}" if panel.reason else ""
    match panel.state:
        case PanelState.JOINING:
            return f"🟡 **Joining** {room}…{reason}"
        case PanelState.RECORDING:
            return f"🔴 **Recording** {room} · started {started}"
        case PanelState.AWAY:
            return f"🟠 **Connection lost**, trying again. What is missed will be marked.{reason}"
        case PanelState.DEAFENED:
            return "🟠 **Deafened** by a moderator. I hear nobody."
        case PanelState.PAUSED:
            return f"⏸ **Paused.** Nothing is recorded.{reason}"
        case PanelState.NO_DISK:
            return "🔴 **Not recording:** my disk takes nothing. What came before is safe."
        case PanelState.WRITING:
            return f"✍️ **Writing the notes** of {room}. Everything said is saved."
        case PanelState.DONE:
            ended_ns = meeting.ended_ns or meeting.started_ns
            return f"✅ **Notes are ready** · {room}, {duration(ended_ns - meeting.started_ns)}"


def _people(people: tuple[Participant, ...]) -> str:
    """Name everyone; of many, only those who have a problem."""
    if len(people) > _MOST_NAMES:
        heard = sum(person.hearing is Hearing.HEARD for person in people)
        quiet = sum(person.hearing is Hearing.QUIET for person in people)
        told = [f"🟢 {heard} heard", f"⚪ {quiet} quiet"]
        others = [person for person in people if person.hearing in _NOTES]
        told += map(_person, others[:_MOST_NAMES])
        told += [f"and {len(others) - _MOST_NAMES} more"] if len(others) > _MOST_NAMES else []
        return " · ".join(told)
    return "  ".join(map(_person, people))


def _person(person: Participant) -> str:
    return f"{_SIGNS[person.hearing]} {escape(clip(person.name, _NAME))}{_NOTES.get(person.hearing, '')}"


def _where(panel: Panel) -> str:
    notes = f"Notes will be in <#{panel.meeting.text_channel_id}>"
    return f"Live text: <#{panel.live_text}> · {notes}" if panel.live_text is not None else notes
