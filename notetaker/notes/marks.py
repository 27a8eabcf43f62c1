"""Marked moments as people read them, with what was being said."""

from bisect import bisect_right
from collections.abc import Callable

from notetaker.model.mark import Mark
from notetaker.model.transcript import Transcript
from notetaker.model.wording import SECOND_NS, clip
from notetaker.notes.markdown import escape
from notetaker.notes.turns import turns
from notetaker.notes.wording import sentence

_BEFORE_NS = 60 * SECOND_NS
"""How long before a mark the words may have begun that it is about."""
_QUOTE = 120


def marked(transcript: Transcript, characters: int, time: Callable[[int], str]) -> list[str]:
    """Return ``Ada: check the price. Ben: “It costs nine euros.” (14:30:05)`` for every mark, texts clipped.

    ``time`` writes a time, given in Unix nanoseconds: that of the turn that is quoted, or of the mark itself if
    nobody had spoken just before.
    """
    spoken = turns(transcript)
    starts = [turn.started_ns for turn in spoken]
    found = []
    for mark in transcript.marks:
        parts = [_told(mark, characters)]
        at_ns = mark.at_ns
        latest = bisect_right(starts, mark.at_ns)
        if latest and mark.at_ns - starts[latest - 1] <= _BEFORE_NS:
            turn = spoken[latest - 1]
            at_ns = turn.started_ns
            words = sentence(" ".join(line.text for line in turn.lines if line.error is None))
            if words:
                quote = escape(clip(words, min(characters, _QUOTE)))
                parts.append(f"{escape(clip(turn.speaker, characters))}: “{quote}”")
        found.append(f"{' – '.join(parts)} ({time(at_ns)})")
    return found


def _told(mark: Mark, characters: int) -> str:
    name = escape(clip(mark.name, characters))
    return f"{name}: {escape(clip(mark.text, characters))}" if mark.text else name
