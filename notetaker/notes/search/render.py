"""Renders what was found as a Discord message."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from notetaker.model.meeting import Meeting
from notetaker.model.transcript import Line
from notetaker.model.wording import SECOND_NS, clip
from notetaker.notes.markdown import escape, length
from notetaker.notes.render import MESSAGE_LIMIT
from notetaker.notes.search.snippet import Snippet

HITS: Final = 10
"""Most passages in a message."""
_NAME: Final = 40
_TYPED: Final = 100
_SENTENCE: Final = 300
"""Most characters of names, of what was asked, and of a sentence of an answer."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, with its text."""

    meeting: Meeting
    lines: tuple[Line, ...]
    snippet: Snippet
    link: str | None
    """The message that shows the snippet, or the notes of the meeting; None if there is none."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer, and where the first line that it cites was said."""

    text: str
    meeting: Meeting
    line: Line
    link: str | None


def render_answer(heading: str, sentences: Sequence[Sentence], endings: Sequence[str]) -> str:
    """Return Discord Markdown of at most 2000 characters, with as many of the sentences as fit."""
    told = [
        f"- {escape(clip(one.text, _SENTENCE))} ({escape(clip(one.line.speaker, _NAME))}, "
        f"{_channel(one.meeting)}, <t:{one.line.started_ns // SECOND_NS}:f>{_open(one.link)})"
        for one in sentences
    ]
    for number in range(len(told), -1, -1):
        message = "\n".join((heading, *told[:number], *(f"-# {ending}" for ending in endings)))
        if length(message) <= MESSAGE_LIMIT:
            return message
    raise AssertionError("without sentences, the message is bounded")


def render_hits(heading: str, hits: Sequence[Hit], endings: Sequence[str] = ()) -> str:
    """Return Discord Markdown of at most 2000 characters. ``endings`` are sentences for the end.

    Passages of one meeting are under its name, and the meetings are in the order of their first passage.
    """
    order = {meeting_id: n for n, meeting_id in enumerate(dict.fromkeys(hit.meeting.id for hit in hits))}
    sorted_hits = sorted(hits, key=lambda hit: order[hit.meeting.id])
    for number in range(len(hits), -1, -1):
        left_out = [f"{len(hits) - number} more did not fit."] if number < len(hits) else []
        ends = [f"-# {ending}" for ending in (*left_out, *endings)]
        message = "\n".join((heading, *_entries(sorted_hits[:number]), *ends))
        if length(message) <= MESSAGE_LIMIT:
            return message
    raise AssertionError("without passages, the message is bounded")


def quoted(text: str) -> str:
    """Return what somebody has asked for, as a heading."""
    return f"**“{escape(clip(text, _TYPED))}”**"


def meeting_name(meeting: Meeting) -> str:
    return f"**{_channel(meeting)}**, <t:{meeting.started_ns // SECOND_NS}:f>"


def _channel(meeting: Meeting) -> str:
    return escape(clip(meeting.voice_channel_name, _NAME))


def _open(link: str | None) -> str:
    return f" [open]({link})" if link else ""


def _entries(hits: Sequence[Hit]) -> Iterator[str]:
    for _, of_meeting in groupby(hits, key=lambda hit: hit.meeting.id):
        for number, hit in enumerate(of_meeting):
            if not number:
                yield meeting_name(hit.meeting)
            line = hit.snippet.line
            speaker = escape(clip(line.speaker, _NAME))
            yield f"- <t:{line.started_ns // SECOND_NS}:T> {speaker}: {_text(hit.snippet)}{_open(hit.link)}"


def _text(snippet: Snippet) -> str:
    parts = []
    for text, is_sought in snippet.pieces:
        before, after = (" " if blank.isspace() else "" for blank in (text[:1], text[-1:]))
        plain = escape(text)
        parts.append(f"{before}**{plain}**{after}" if is_sought and plain else f"{before}{plain}{after}")
    return " ".join("".join(parts).split())
