"""Makes minutes with a writer that may fail or invent: they are checked, and the built-in writer stands in."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import Final

from notetaker.model.minutes import Item, Kind, Part, PartMinutes, Summary
from notetaker.notes.minutes.check import check
from notetaker.notes.minutes.spoken import stems
from notetaker.notes.minutes.spoken_numbers import numbers
from notetaker.notes.minutes.writer import Writer, WriterError

NOTHING_HOLDS: Final = "Nothing that it wrote was said in the lines that it cites."


def make(part: Part, writer: Writer, built_in: Writer) -> PartMinutes:
    """Return the minutes of a part, which hold against its lines."""
    try:
        draft = writer.write(part)
    except WriterError as failure:
        return replace(_checked(part, built_in.write(part), built_in), fell_back=str(failure))
    made = _checked(part, draft, writer)
    if made.dropped and not made.items and writer is not built_in:
        other = _checked(part, built_in.write(part), built_in)
        return replace(other, dropped=other.dropped + made.dropped, fell_back=NOTHING_HOLDS)
    return made if _was_said(made.title, part) else replace(made, title=built_in.write(part).title)


def sum_up(
    parts: Sequence[Part], minutes: Sequence[PartMinutes], writer: Writer, built_in: Writer
) -> Summary:
    """Return the title and the summary of a meeting, given all its parts and their minutes."""
    if not parts:
        return Summary("", (), writer.name)
    whole = replace(
        parts[-1], number=0, lines=tuple(chain.from_iterable(part.lines for part in parts)), before=()
    )
    try:
        title, items = writer.sum_up(minutes)
    except WriterError as failure:
        return replace(_built_in(whole, minutes, built_in), fell_back=str(failure))
    checked = check(whole, items)
    dropped = len(checked.fallen)
    if not checked.kept and any(part.items for part in minutes) and writer is not built_in:
        return replace(_built_in(whole, minutes, built_in), dropped=dropped, fell_back=NOTHING_HOLDS)
    if not _was_said(title, whole):
        title = built_in.sum_up(minutes)[0]
    return Summary(title, checked.kept, writer.name, dropped)


def _checked(part: Part, draft: PartMinutes, writer: Writer) -> PartMinutes:
    """Return the items that hold, at once or after the writer has had one chance to repair them."""
    first = check(part, tuple(dict.fromkeys(draft.items)))
    hold = _unique(first.kept)
    repaired: tuple[Item, ...] = ()
    if first.fallen:
        with suppress(WriterError):
            repaired = check(part, writer.repair(part, first.fallen)).kept
    kept = _unique([*hold, *repaired])[: len(hold) + len(first.fallen)]
    dropped = len(hold) + len(first.fallen) - len(kept)
    return replace(draft, items=kept, dropped=draft.dropped + dropped)


def _built_in(whole: Part, minutes: Sequence[PartMinutes], built_in: Writer) -> Summary:
    title, items = built_in.sum_up(minutes)
    checked = check(whole, items)
    return Summary(title, checked.kept, built_in.name, len(checked.fallen))


def _unique(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return the items without those that say the same again, as small models do."""
    first: dict[tuple[Kind, str], Item] = {}
    for item in items:
        first.setdefault((item.kind, item.text.casefold()), item)
    return tuple(first.values())


def _was_said(title: str, whole: Part) -> bool:
    """Say whether there is a title without a number that nobody said, of which at least half the words were said."""
    said = " ".join(line.text for line in whole.lines)
    words = stems(title)
    return (
        bool(words)
        and not numbers(title) - numbers(said, generous=True)
        and len(words & stems(said)) * 2 >= len(words)
    )
