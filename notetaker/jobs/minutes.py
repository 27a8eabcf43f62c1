"""Writes the minutes of a meeting."""

from notetaker.model.minutes import Minutes
from notetaker.model.transcript import Transcript
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.joining import join
from notetaker.notes.minutes.making import make, sum_up
from notetaker.notes.minutes.parts import parts
from notetaker.notes.minutes.writer import Writer


class MinuteTaker:
    def __init__(self, writer: Writer | None = None) -> None:
        """``writer``: None for the built-in one, which also writes what another one cannot."""
        self._built_in = BuiltIn()
        self._writer = writer or self._built_in

    def whole(self, transcript: Transcript) -> Minutes:
        """Return the minutes of a meeting that has ended."""
        people = tuple(transcript.speakers.values())
        cut = parts(transcript.lines, people, transcript.locale.language, ended=True)
        written = [make(part, self._writer, self._built_in) for part in cut]
        return join(written, sum_up(cut, written, self._writer, self._built_in))
