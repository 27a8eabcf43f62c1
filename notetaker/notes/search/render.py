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
"""Most characters of names, and of what was asked."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, with its text."""

    meeting: Meeting
    lines: tuple[Line, ...]
    snippet: Snippet
    link: str | None
    """The message that shows the snippet, or the notes of the meeting; None if there is none."""


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
    return f"**{escape(clip(meeting.voice_channel_name, _NAME))}**, <t:{meeting.started_ns // SECOND_NS}:f>"


def _entries(hits: Sequence[Hit]) -> Iterator[str]:
    for _, of_meeting in groupby(hits, key=lambda hit: hit.meeting.id):
        for number, hit in enumerate(of_meeting):
            if not number:
                yield meeting_name(hit.meeting)
            line = hit.snippet.line
            link = f" [open]({hit.link})" if hit.link else ""
            speaker = escape(clip(line.speaker, _NAME))
            yield f"- <t:{line.started_ns // SECOND_NS}:T> {speaker}: {_text(hit.snippet)}{link}"


def _text(snippet: Snippet) -> str:
    parts = []
    for text, is_sought in snippet.pieces:
        before, after = (" " if blank.isspace() else "" for blank in (text[:1], text[-1:]))
        plain = escape(text)
        parts.append(f"{before}**{plain}**{after}" if is_sought and plain else f"{before}{plain}{after}")
    return " ".join("".join(parts).split())
