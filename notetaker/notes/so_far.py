"""Renders the minutes of a meeting that has no notes yet, as a Discord message."""

from collections.abc import Iterator
from typing import Final

from notetaker.model.minutes import Minutes
from notetaker.model.notes_kind import TOPICS, Form, NotesKind, in_language
from notetaker.model.transcript import Transcript
from notetaker.model.wording import SECOND_NS, clip, count
from notetaker.notes.entries import Entries, filled, outline, reservations
from notetaker.notes.kinds import MEETING
from notetaker.notes.markdown import escape, length
from notetaker.notes.render import MESSAGE_LIMIT, one_line, stamp

NOTHING_YET: Final = (
    "Nothing is written yet. I write them in parts of some minutes; the first takes up to ten."
)

_NAME: Final = 40
"""Most characters of a name or a title."""
_FITTING: Final = ((50, 400), (12, 280), (8, 200), (6, 150), (5, 100), (3, 80), (2, 60), (1, 40), (0, 40))
"""Most entries per heading, of which the latest are shown, and characters per entry; the message uses the first pair
with which it fits."""


def render_so_far(
    minutes: Minutes, transcript: Transcript, until_ns: int, now_ns: int, kind: NotesKind = MEETING
) -> str:
    """Return Discord Markdown of at most 2000 characters.

    ``until_ns`` is when the last part ended that has minutes. Both times are Unix nanoseconds.
    """
    of = Entries(transcript, stamp, marks=1)
    for entries, characters in _FITTING:
        message = "\n".join(_message(minutes, transcript, kind, of, until_ns, now_ns, entries, characters))
        if length(message) <= MESSAGE_LIMIT:
            return message
    raise AssertionError("without entries, every part of the message is bounded")


def _message(
    minutes: Minutes,
    transcript: Transcript,
    kind: NotesKind,
    of: Entries,
    until_ns: int,
    now_ns: int,
    entries: int,
    characters: int,
) -> Iterator[str]:
    yield f"## Notes so far: {escape(clip(transcript.meeting.voice_channel_name, _NAME))}"
    yield f"-# {_state(transcript, until_ns, now_ns)}"
    topics = [f"{escape(clip(title, _NAME))} ({stamp(at)})" for at, title, _ in outline(minutes) if title]
    sections = []
    for section, items in filled(minutes, kind):
        lines = topics if section.name == TOPICS else of.of(section, items, characters)
        if section.form is Form.LINE:
            lines = [one_line(lines[-max(entries, 1) :])]
        sections.append((in_language(section.heading, transcript.locale.language), lines))
    if not any(lines for _, lines in sections):
        yield NOTHING_YET
    for heading, lines in sections:
        if lines:
            yield f"### {heading}"
        if len(lines) > entries:
            yield f"- {len(lines) - entries:,} earlier …"
        yield from (f"- {line}" for line in lines[max(len(lines) - entries, 0) :])
    yield from (
        f"-# {sentence}" for sentence in reservations(minutes, _NAME + characters, transcript.locale.language)
    )


def _state(transcript: Transcript, until_ns: int, now_ns: int) -> str:
    meeting = transcript.meeting
    missing = count(max(1, round(((meeting.ended_ns or now_ns) - until_ns) / (60 * SECOND_NS))), "minute")
    since = f"Started <t:{meeting.started_ns // SECOND_NS}:t>"
    if meeting.ended_ns is None:
        return f"{since}. The last {missing} {'is' if missing == '1 minute' else 'are'} not in yet."
    return f"{since}, ended <t:{meeting.ended_ns // SECOND_NS}:t>. I'm writing the last {missing}."
