"""Checks that notes say only what was said: every item cites the utterances it is based on."""

from notetaker.model.notes import Notes
from notetaker.model.transcript import Transcript


class CitationError(ValueError):
    """An item cites nothing, or an utterance that does not exist. The message does not quote the item."""


def check(notes: Notes, transcript: Transcript) -> None:
    """Raise :class:`CitationError` unless every item cites utterances of this transcript, each once."""
    said = {line.utterance_id for line in transcript.lines}
    for kind, items in (("Summary", notes.summary), ("Decision", notes.decisions), ("Action", notes.actions)):
        for number, item in enumerate(items, 1):
            if not item.cites:
                raise CitationError(f"{kind} item {number} cites no utterance.")
            if unknown := [cite for cite in item.cites if cite not in said]:
                raise CitationError(
                    f"{kind} item {number} cites {unknown[0]}, which is not in the transcript."
                )
            if len(set(item.cites)) < len(item.cites):
                raise CitationError(f"{kind} item {number} cites an utterance twice.")
