"""Joins lines for reading: what one person says in one go is one paragraph."""

from bisect import bisect_right
from dataclasses import dataclass

from notetaker.model.transcript import Line, Transcript
from notetaker.model.wording import SECOND_NS
from notetaker.notes.gaps import join_gaps

_PAUSE_NS = 3 * SECOND_NS
"""Longest pause within a paragraph."""
_TURN_NS = 30 * SECOND_NS
"""Longest paragraph. It shows only the time at which it begins, which has to be close to each of its words."""


@dataclass(frozen=True, slots=True)
class Turn:
    lines: tuple[Line, ...]
    """At least one line, all of one speaker."""

    @property
    def speaker(self) -> str:
        return self.lines[0].speaker

    @property
    def started_ns(self) -> int:
        return self.lines[0].started_ns


def turns(transcript: Transcript) -> list[Turn]:
    """Return all lines in order. Another speaker, a gap or an utterance that was not transcribed ends a turn."""
    gaps = [gap.started_ns for gap in join_gaps(transcript.gaps)]
    runs: list[list[Line]] = []
    for line in transcript.lines:
        if runs and _continues(runs[-1], line) and not _gap_between(gaps, runs[-1][-1], line):
            runs[-1].append(line)
        else:
            runs.append([line])
    return [Turn(tuple(run)) for run in runs]


def _continues(run: list[Line], line: Line) -> bool:
    return (
        line.user_id == run[0].user_id
        and line.error is None
        and run[-1].error is None
        and line.started_ns - run[-1].ended_ns <= _PAUSE_NS
        and line.ended_ns - run[0].started_ns <= _TURN_NS
    )


def _gap_between(gaps: list[int], before: Line, after: Line) -> bool:
    return bisect_right(gaps, before.started_ns) < bisect_right(gaps, after.started_ns)
