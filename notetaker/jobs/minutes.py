"""Writes the minutes of a meeting, part by part."""

import hashlib
from collections.abc import Mapping

from notetaker.model.minutes import Minutes, Part, PartMinutes
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

    def part(self, part: Part) -> PartMinutes:
        return make(part, self._writer, self._built_in)

    def whole(self, cut: Mapping[str, Part], written: Mapping[str, PartMinutes]) -> Minutes:
        """Return the minutes of a meeting, given all its parts and their minutes, by key."""
        minutes = [written[key] for key in cut]
        return join(minutes, sum_up(tuple(cut.values()), minutes, self._writer, self._built_in))


def keyed_parts(transcript: Transcript, before_ns: int | None = None) -> dict[str, Part]:
    """Return the parts of a meeting that has ended, or the complete ones of what was said before ``before_ns``.

    A key is different if a part has other lines: when something was said that was not known yet.
    """
    lines = [line for line in transcript.lines if before_ns is None or line.started_ns < before_ns]
    people, language = tuple(transcript.speakers.values()), transcript.locale.language
    return {_key(part): part for part in parts(lines, people, language, ended=before_ns is None)}


def _key(part: Part) -> str:
    """Return the number of a part, for readers of the database, and a digest of what it consists of."""
    said = "\n".join((part.language, *(f"{line.utterance_id} {line.text}" for line in part.lines)))
    return f"{part.number}.{hashlib.sha256(said.encode(errors='surrogatepass')).hexdigest()[:16]}"
