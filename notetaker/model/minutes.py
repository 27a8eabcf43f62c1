"""Minutes: what a meeting said and settled, part by part. Every item cites the lines it rests on."""

from dataclasses import dataclass
from enum import StrEnum

from notetaker.model.notes_kind import TOPICS, NotesKind
from notetaker.model.transcript import Line

LONGEST_ITEM = 300
"""Most characters of an item."""


class Kind(StrEnum):
    POINT = "point"
    """What somebody who was absent should know."""
    DECISION = "decision"
    """Something settled for longer than the moment."""
    ACTION = "action"
    """Something to be done after the meeting."""
    QUESTION = "question"
    """Asked, and left open."""
    ENTRY = "entry"
    """What a section of its own asks for, in notes of another kind than a meeting's."""


@dataclass(frozen=True, slots=True)
class Item:
    kind: Kind
    text: str
    """A sentence."""
    cites: tuple[str, ...]
    """Ids of at least one line of the item's part, in the order they were said."""
    owner: str | None = None
    """Display name of who is to do it; None if nobody was named."""
    due: str | None = None
    """When it is to be done, as spoken, such as "by Friday"."""
    overturned: bool = False
    """A decision that a later one replaced."""
    section: str = ""
    """The name of the section that an ENTRY belongs in; empty for the other kinds."""

    @property
    def belongs_in(self) -> str:
        """The name of the section in the notes, apart from the summary."""
        return self.section or _SECTIONS.get(self.kind, "")


_SECTIONS = {
    Kind.POINT: TOPICS,
    Kind.DECISION: "decisions",
    Kind.ACTION: "actions",
    Kind.QUESTION: "questions",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Some minutes of a meeting, in which it mostly has one topic."""

    number: int
    """Counted from 0."""
    lines: tuple[Line, ...]
    """At least one line, sorted by start, each with words."""
    people: tuple[str, ...]
    """Display names of everyone in the meeting so far: who may own an action."""
    language: str = "en"
    """ISO 639-1 code."""
    before: tuple[Line, ...] = ()
    """The last lines of the part before, which explain how this one begins. They cannot be cited."""
    spellings: tuple[str, ...] = ()
    """Names and terms that may come up, as they are spelled."""
    notes: NotesKind | None = None
    """The kind of notes to write; None for those of a meeting."""


@dataclass(frozen=True, slots=True)
class PartMinutes:
    """What a writer makes of one part."""

    title: str
    """The topic in a few words; empty if the part has none."""
    items: tuple[Item, ...]
    started_ns: int
    made_by: str
    """The writer, such as ``built-in``, which the notes name."""
    dropped: int = 0
    """Items that the lines they cite did not support."""
    fell_back: str | None = None
    """Why the writer that is set did not write this part, for people; None if it did."""


@dataclass(frozen=True, slots=True)
class Summary:
    title: str
    """Empty if nothing was said."""
    items: tuple[Item, ...]
    made_by: str
    dropped: int = 0
    """Items that the lines they cite did not support."""
    fell_back: str | None = None
    """Why the writer that is set did not write it, for people; None if it did."""


@dataclass(frozen=True, slots=True)
class Minutes:
    """The whole meeting."""

    title: str
    """What came out of the meeting, or what it was about; empty if nothing was said."""
    summary: tuple[Item, ...]
    """The few points that matter most, in the order they were said."""
    parts: tuple[PartMinutes, ...]
    """The outline: each part with its title, start and points. Other kinds of items are below."""
    decisions: tuple[Item, ...]
    actions: tuple[Item, ...]
    questions: tuple[Item, ...]
    made_by: tuple[str, ...]
    """The writers, the one with the most parts first."""
    dropped: int
    """Items of all parts and of the summary that the lines they cite did not support."""
    fell_back: str | None = None
    """Why the writer that is set did not write the summary, for people; None if it did."""
    entries: tuple[Item, ...] = ()
    """What belongs in sections that only this kind of notes has."""
    kind: str = "meeting"
    """The name of the kind of notes."""
