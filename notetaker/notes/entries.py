"""Items of the minutes as people read them: who said them or is to do them, and when they were said."""

import re
from collections import Counter
from collections.abc import Iterator

from notetaker.model.minutes import Item, Kind, Minutes
from notetaker.model.transcript import Transcript
from notetaker.model.wording import clip, count
from notetaker.notes.markdown import escape
from notetaker.notes.turns import turns
from notetaker.notes.wording import clock, with_dates

_MARKS = 3
"""Most times cited after one item."""
_FIRST_PERSON = re.compile(r"\b(?:I|me|my|mine|myself)\b")


class Entries:
    """Renders items of one meeting."""

    def __init__(self, transcript: Transcript) -> None:
        self._times = {
            line.utterance_id: clock(turn.started_ns, transcript.locale)
            for turn in turns(transcript)
            for line in turn.lines
        }
        self._speakers = {line.utterance_id: line.speaker for line in transcript.lines}

    def line(self, item: Item, characters: int | None = None) -> str:
        """Return ``I will call the bank by Friday. – Chloe (14:30:28)``, clipped before the citation."""
        text = f"{self._speaker(item)}{with_dates(item.text)}{_to_do(item)}"
        overturned = " (overturned later)" if item.overturned else ""
        return f"{escape(text if characters is None else clip(text, characters))}{overturned} {self._marks(item)}"

    def _speaker(self, item: Item) -> str:
        """Return ``Ada: `` before a quotation in which she speaks of herself."""
        said_by = {self._speakers[cite] for cite in item.cites}
        alone = len(said_by) == 1 and item.owner is None and _FIRST_PERSON.search(item.text)
        return f"{said_by.pop()}: " if alone else ""

    def _marks(self, item: Item) -> str:
        """Return ``(14:30:05)``, where the transcript document shows what the item cites."""
        cited = list(dict.fromkeys(self._times[cite] for cite in item.cites))
        return f"({', '.join(cited[:_MARKS])}{', …' if len(cited) > _MARKS else ''})"


def headed(minutes: Minutes) -> tuple[tuple[str, tuple[Item, ...]], ...]:
    """Return all items but those of the outline, by heading."""
    return (
        ("Summary", minutes.summary),
        ("Decisions", minutes.decisions),
        ("Action items", minutes.actions),
        ("Open questions", minutes.questions),
    )


def outline(minutes: Minutes) -> list[tuple[int, str, tuple[Item, ...]]]:
    """Return start (Unix nanoseconds), title and points of the parts that have a title or points.

    Of a meeting that is told whole by its summary, there is nothing to return.
    """
    found = []
    for part in minutes.parts:
        points = tuple(item for item in part.items if item.kind is Kind.POINT)
        if part.title or points:
            found.append((part.started_ns, part.title, points))
    told = len(found) == 1 and set(found[0][2]) <= set(minutes.summary)
    return [] if told else found


def reservations(minutes: Minutes, characters: int) -> Iterator[str]:
    """Yield sentences about what keeps the notes from being what they should be, reasons clipped."""
    fallen = [part for part in minutes.parts if part.fell_back]
    if fallen:
        reason, _ = Counter(part.fell_back or "" for part in fallen).most_common(1)[0]
        parts = f"{len(fallen)} of {count(len(minutes.parts), 'part')}"
        yield f"{parts} by the built-in writer: {escape(clip(reason, characters))}"
    if minutes.fell_back and not fallen:
        yield f"The summary is the built-in writer's: {escape(clip(minutes.fell_back, characters))}"
    if minutes.dropped:
        yield f"{count(minutes.dropped, 'item')} left out, not supported by the lines cited."


def _to_do(item: Item) -> str:
    """Return owner and date, as far as they are not in the text."""
    text = item.text.casefold()
    told = ", ".join(one for one in (item.owner, item.due) if one and one.casefold() not in text)
    return f" – {told}" if told else ""
