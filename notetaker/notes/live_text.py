"""The words of a meeting that goes on, as pages: Discord messages that fill up one after the other.

A line stays on the page on which it was first shown. So only the newest page grows, and an older one changes in place
when its drafts become final.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from notetaker.model.mark import Mark
from notetaker.model.meeting import Place
from notetaker.model.transcript import Line, Transcript
from notetaker.model.wording import SECOND_NS, clip
from notetaker.notes.coverage import name
from notetaker.notes.gaps import JoinedGap, join_gaps
from notetaker.notes.markdown import escape, length
from notetaker.notes.wording import sentence

PAGE = 1800
"""UTF-16 units after which a page is full, about two minutes of talk. Final texts may be longer than their drafts."""
MESSAGE_LIMIT = 2000
"""Most characters in a Discord message (Discord docs, Create Message)."""

_NAME = 40
_LINE = 1500
_CAUSE = 200
_SHORTER = (600, 300, 150, 80, 40)
"""Most characters per line of a page that has become too long."""
_SHORTEST_GAP_NS = SECOND_NS
"""Shorter gaps are in the notes only: single packets get lost all the time."""
_PARAGRAPH_NS = 20 * SECOND_NS
"""Longest time between the starts of a paragraph and of its last line."""
_NOTHING = "-# No words here."
_CUT = "-# Cut here: Discord takes no longer message. The notes have all of it."


@dataclass(frozen=True, slots=True)
class Entry:
    """A line, or a gap, a mark or a move."""

    key: str
    """Stays the same when a text becomes final and when a gap grows."""
    started_ns: int
    speaker: str | None
    """Escaped; None for what nobody says."""
    text: str
    """Escaped."""
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    keys: tuple[str, ...]
    """Of its entries, some of which may have no words any more."""
    text: str
    """Discord Markdown of at most 2000 UTF-16 units."""
    draft: bool
    """Whether a text on it is not final."""
    began_ns: int
    """When the first of its entries began."""


def entries(transcript: Transcript, drafts: Container[str]) -> list[Entry]:
    """Return lines, gaps, marks and moves by time. ``drafts`` are the ids of utterances whose text is not final."""
    lines = [_line(line, line.utterance_id in drafts) for line in transcript.lines]
    long = (
        gap
        for gap in join_gaps(transcript.gaps)
        if not gap.user_ids or gap.ended_ns - gap.started_ns >= _SHORTEST_GAP_NS
    )
    others = [
        *(_gap(gap, transcript) for gap in long),
        *map(_mark, transcript.marks),
        *map(_move, transcript.places[1:]),
    ]
    return sorted([*lines, *others], key=lambda entry: entry.started_ns)


def pages(entries: Iterable[Entry], before: Sequence[Sequence[str]], ending: str = "") -> list[Page]:
    """Return all pages, given the keys that each of the earlier ones had; ``ending`` ends the last one."""
    by_key = {entry.key: entry for entry in entries}
    placed = {key for page in before for key in page}
    keys = [list(page) for page in before]
    for entry in by_key.values():
        if entry.key not in placed:
            if not keys or not _has_room(keys[-1], entry, by_key):
                keys.append([])
            keys[-1].append(entry.key)
    return [_page(page, by_key, ending if number == len(keys) else "") for number, page in enumerate(keys, 1)]


def _has_room(keys: Sequence[str], entry: Entry, by_key: dict[str, Entry]) -> bool:
    shown = [by_key[key] for key in keys if key in by_key]
    return not shown or length(_text([*shown, entry])) <= PAGE


def _page(keys: Sequence[str], by_key: dict[str, Entry], ending: str) -> Page:
    shown = sorted((by_key[key] for key in keys if key in by_key), key=lambda entry: entry.started_ns)
    text = "\n".join(filter(None, (_fitting(shown, MESSAGE_LIMIT - length(ending) - 1), ending)))
    began_ns = min((entry.started_ns for entry in shown), default=0)
    return Page(tuple(keys), text, any(entry.draft for entry in shown), began_ns)


def _fitting(shown: Sequence[Entry], room: int) -> str:
    """Return the text of a page; if it is too long, with lines cut, and at last without its end."""
    for characters in (_LINE, *_SHORTER):
        text = _text(shown, characters)
        if length(text) <= room:
            return text or _NOTHING
    paragraphs = text.split("\n")
    while length("\n".join((*paragraphs, _CUT))) > room:
        paragraphs.pop()
    return "\n".join((*paragraphs, _CUT))


def _text(shown: Sequence[Entry], characters: int = _LINE) -> str:
    return "\n".join(_paragraphs(shown, characters))


def _paragraphs(shown: Iterable[Entry], characters: int) -> Iterator[str]:
    """Yield what one speaker says in one go, with the time of its beginning, and gaps."""
    first: Entry | None = None
    said: list[str] = []
    for entry in shown:
        words = clip(entry.text, characters) + (" …" if entry.draft else "")
        same = first is not None and first.speaker is not None and first.speaker == entry.speaker
        if same and first is not None and entry.started_ns - first.started_ns <= _PARAGRAPH_NS:
            said.append(words)
            continue
        if said:
            yield " ".join(said)
        first = entry
        said = [words if entry.speaker is None else f"**{entry.speaker}** {_time(entry.started_ns)} {words}"]
    if said:
        yield " ".join(said)


def _line(line: Line, draft: bool) -> Entry:
    text = "\\[not transcribed]" if line.error is not None else escape(sentence(line.text))
    return Entry(line.utterance_id, line.started_ns, escape(clip(line.speaker, _NAME)), text, draft)


def _gap(gap: JoinedGap, transcript: Transcript) -> Entry:
    names = ", ".join(escape(clip(name(user_id, transcript), _NAME)) for user_id in gap.user_ids[:5])
    whom = f"{names} not heard" if names else "Not heard"
    when = f"{_time(gap.started_ns)}–{_time(gap.ended_ns)}"
    what = f"⏸️ {when} Paused" if gap.is_pause else f"⚠️ {when} {whom}"
    text = f"{what}: {escape(clip(gap.cause, _CAUSE))}"
    return Entry(f"gap {gap.started_ns} {gap.user_ids[:1]} {gap.cause}", gap.started_ns, None, text)


def _mark(mark: Mark) -> Entry:
    text = f"🔖 {_time(mark.at_ns)} {escape(clip(mark.name, _NAME))}: {escape(clip(mark.text, _CAUSE))}"
    return Entry(f"mark {mark.at_ns} {mark.user_id}", mark.at_ns, None, text.removesuffix(": "))


def _move(place: Place) -> Entry:
    text = f"➡️ {_time(place.started_ns)} Moved to {escape(clip(place.name, _CAUSE))}"
    return Entry(f"move {place.started_ns}", place.started_ns, None, text)


def _time(unix_ns: int) -> str:
    """Return a time that Discord shows in the reader's own zone (Discord docs, Reference, Message Formatting)."""
    return f"<t:{unix_ns // SECOND_NS}:T>"
