"""Items of the minutes as people read them: who said them or is to do them, and when they were said."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from notetaker.model.minutes import LONGEST_ITEM, Item, Kind, Minutes
from notetaker.model.notes_kind import SUMMARY, TOPICS, Form, NotesKind, Section
from notetaker.model.transcript import Transcript
from notetaker.model.wording import clip, count
from notetaker.notes.markdown import escape
from notetaker.notes.minutes.builtin import NAME as BUILT_IN
from notetaker.notes.turns import turns
from notetaker.notes.wording import unknown_speaker, with_dates

_NAME = 40
"""Most characters of a name. Discord allows 32 in display names."""
_SOMEBODY = unknown_speaker(0)
"""Who has said a line that is gone from the transcript."""
_FIRST_PERSON = re.compile(r"\b(?:I|me|my|mine|myself)\b")


class Entries:
    """Renders items of one meeting, clipped to some characters before the citation."""

    def __init__(self, transcript: Transcript, time: Callable[[int], str], marks: int) -> None:
        """``time`` writes a time, given in Unix nanoseconds; at most ``marks`` times are cited after one item."""
        self._times = {
            line.utterance_id: time(turn.started_ns) for turn in turns(transcript) for line in turn.lines
        }
        self._speakers = {line.utterance_id: line.speaker for line in transcript.lines}
        self._marks = marks

    def of(self, section: Section, items: Sequence[Item], characters: int = LONGEST_ITEM) -> list[str]:
        """Return the lines of a section."""
        if section.form is Form.PEOPLE:
            return [self._said_by(item, characters) for item in items]
        if section.form is Form.QUOTES:
            return [self._quote(item, characters) for item in items]
        return [self.line(item, characters) for item in items]

    def line(self, item: Item, characters: int = LONGEST_ITEM) -> str:
        """Return ``I will call the bank by Friday. – Chloe (14:30:28)``."""
        text = f"{self._speaker(item)}{with_dates(item.text)}{_to_do(item)}"
        overturned = " (overturned later)" if item.overturned else ""
        return f"{escape(clip(text, characters))}{overturned}{self._cited(item)}"

    def _said_by(self, item: Item, characters: int) -> str:
        """Return ``**Ben** I am waiting for the key. (14:30:28)``."""
        text = escape(clip(f"{with_dates(item.text)}{_to_do(item)}", characters))
        return f"**{self._name(item)}** {text}{self._cited(item)}"

    def _quote(self, item: Item, characters: int) -> str:
        """Return ``“A toaster is honest.” – Ines (14:30:28)``."""
        return f"“{escape(clip(item.text, characters))}” – {self._name(item)}{self._cited(item)}"

    def _name(self, item: Item) -> str:
        return escape(clip(self._speakers.get(item.cites[0], _SOMEBODY), _NAME))

    def _speaker(self, item: Item) -> str:
        """Return ``Ada: `` before a quotation in which she speaks of herself."""
        said_by = {self._speakers.get(cite, _SOMEBODY) for cite in item.cites}
        alone = len(said_by) == 1 and item.owner is None and _FIRST_PERSON.search(item.text)
        return f"{said_by.pop()}: " if alone else ""

    def _cited(self, item: Item) -> str:
        """Return `` (14:30:05)``, where the transcript document shows what the item cites. Lines may be gone."""
        cited = list(dict.fromkeys(self._times[cite] for cite in item.cites if cite in self._times))
        more = ", …" if len(cited) > self._marks > 1 else ""
        return f" ({', '.join(cited[: self._marks])}{more})" if cited else ""


def filled(minutes: Minutes, kind: NotesKind) -> list[tuple[Section, tuple[Item, ...]]]:
    """Return the sections that have items, and that of the topics, which are told by :func:`outline`.

    Items of sections that the kind no longer has come last.
    """
    lost = dict.fromkeys(item.section for item in minutes.entries if not kind.section(item.section))
    others = (Section(name=name, heading={"en": name.capitalize()}, asks=name) for name in lost)
    found = []
    for section in (*kind.sections, *others):
        items = {
            SUMMARY: minutes.summary,
            "decisions": minutes.decisions,
            "actions": minutes.actions,
            "questions": minutes.questions,
        }.get(section.name) or tuple(item for item in minutes.entries if item.section == section.name)
        if items or section.name == TOPICS:
            found.append((section, items))
    return found


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


def reservations(minutes: Minutes, characters: int, language: str) -> Iterator[str]:
    """Yield sentences about what keeps the notes from being what they should be, reasons clipped.

    ``language`` is the ISO 639-1 code of what was spoken.
    """
    fallen = [part for part in minutes.parts if part.fell_back]
    if fallen:
        reason, _ = Counter(part.fell_back or "" for part in fallen).most_common(1)[0]
        parts = f"{len(fallen)} of {count(len(minutes.parts), 'part')}"
        yield f"{parts} by the built-in writer: {escape(clip(reason, characters))}"
    if minutes.fell_back and not fallen:
        yield f"The summary is the built-in writer's: {escape(clip(minutes.fell_back, characters))}"
    if language != "en" and any(part.made_by == BUILT_IN for part in minutes.parts):
        yield "The built-in writer finds decisions, tasks and questions in English only."
    if minutes.dropped:
        yield f"{count(minutes.dropped, 'item')} left out, not supported by the lines cited."


def _to_do(item: Item) -> str:
    """Return owner and date, as far as they are not in the text."""
    text = item.text.casefold()
    told = ", ".join(one for one in (item.owner, item.due) if one and one.casefold() not in text)
    return f" – {told}" if told else ""
