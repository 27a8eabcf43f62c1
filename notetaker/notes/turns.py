"""Joins lines for reading: what one person says in one go is one paragraph."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
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
    return [Turn(tuple(lines)) for lines in _runs(transcript)]


def _runs(transcript: Transcript) -> Iterator[Sequence[Line]]:
    gaps = [gap.started_ns for gap in join_gaps(transcript.gaps)]
    run: list[Line] = []
    for line in transcript.lines:
        if run and not (_continues(run, line) and not _gap_between(gaps, run[-1], line)):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


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
