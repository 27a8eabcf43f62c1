"""Makes minutes with a writer that may fail or invent: they are checked, and the built-in writer stands in."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from traceback import extract_tb
from typing import Final

from notetaker.model.minutes import LONGEST_ITEM, Item, Kind, Part, PartMinutes, Summary
from notetaker.model.notes_kind import SUMMARY
from notetaker.model.wording import clip
from notetaker.notes.kinds import MEETING, has_place
from notetaker.notes.minutes.check import check, invention
from notetaker.notes.minutes.spoken import content
from notetaker.notes.minutes.spoken_numbers import numbers
from notetaker.notes.minutes.writer import Writer, WriterError

_SHARE_OF_TITLE: Final = 2 / 3
"""How many of the words of a title somebody said: all, or of three or more all but one."""
NOTHING_HOLDS: Final = "Nothing that it wrote was said in the lines that it cites."


def make(part: Part, writer: Writer, built_in: Writer) -> PartMinutes:
    """Return the minutes of a part, which hold against its lines. Whatever a writer raises, there are some."""
    try:
        return _make(part, writer, built_in)
    except Exception as failure:  # noqa: BLE001 - a bug costs a part, not the notes
        reason = _reason(failure)
    if writer is not built_in:
        made = make(part, built_in, built_in)
        return replace(made, fell_back=_both(reason, made.fell_back))
    return PartMinutes("", (), part.lines[0].started_ns, built_in.name, fell_back=reason)


def sum_up(
    parts: Sequence[Part], minutes: Sequence[PartMinutes], writer: Writer, built_in: Writer
) -> Summary:
    """Return the title and the summary of a meeting, given all its parts and their minutes.

    Whatever a writer raises, there is one, if an empty one.
    """
    if not parts:
        return Summary("", (), writer.name)
    try:
        return _sum_up(parts, minutes, writer, built_in)
    except Exception as failure:  # noqa: BLE001 - a bug costs the summary, not the notes
        reason = _reason(failure)
    if writer is not built_in:
        summary = sum_up(parts, minutes, built_in, built_in)
        return replace(summary, fell_back=_both(reason, summary.fell_back))
    return Summary("", (), built_in.name, fell_back=reason)


def _make(part: Part, writer: Writer, built_in: Writer) -> PartMinutes:
    made = _checked(part, writer.write(part), writer)
    if writer is built_in:
        return made
    if made.dropped and not made.items:
        other = make(part, built_in, built_in)
        return replace(
            other, dropped=other.dropped + made.dropped, fell_back=_both(NOTHING_HOLDS, other.fell_back)
        )
    return made if _was_said(made.title, part) else replace(made, title=make(part, built_in, built_in).title)


def _sum_up(
    parts: Sequence[Part], minutes: Sequence[PartMinutes], writer: Writer, built_in: Writer
) -> Summary:
    whole = replace(
        parts[-1], number=0, lines=tuple(chain.from_iterable(part.lines for part in parts)), before=()
    )
    kind = whole.notes or MEETING
    title, items = writer.sum_up(minutes, kind)
    wanted = kind.section(SUMMARY)
    checked = check(whole, tuple(map(_capped, items)) if wanted else ())
    summary = Summary(title, checked.kept, writer.name, len(checked.fallen))
    if writer is built_in:
        return summary
    if wanted and not checked.kept and any(part.items for part in minutes):
        other = sum_up(parts, minutes, built_in, built_in)
        return replace(other, dropped=summary.dropped, fell_back=_both(NOTHING_HOLDS, other.fell_back))
    if not _was_said(title, whole):
        return replace(summary, title=sum_up(parts, minutes, built_in, built_in).title)
    return summary


def _reason(failure: Exception) -> str:
    """Return a sentence. The message of a failure that nobody expected may quote what was said."""
    if isinstance(failure, WriterError):
        return str(failure)
    place = extract_tb(failure.__traceback__)[-1]
    return (
        f"The writer failed ({type(failure).__name__} at {place.filename.rpartition('/')[2]}:{place.lineno})."
    )


def _both(reason: str, other: str | None) -> str:
    return f"{reason} {other}" if other else reason


def _checked(part: Part, draft: PartMinutes, writer: Writer) -> PartMinutes:
    """Return the items that hold, at once or after the writer has had one chance to repair them."""
    kind = part.notes or MEETING
    wanted = (_capped(item) for item in draft.items if has_place(kind, item))
    first = check(part, tuple(dict.fromkeys(wanted)))
    hold = _unique(first.kept)
    repaired: tuple[Item, ...] = ()
    if first.fallen:
        with suppress(WriterError):
            repaired = check(part, writer.repair(part, first.fallen)).kept
    kept = _unique([*hold, *repaired])[: len(hold) + len(first.fallen)]
    dropped = len(hold) + len(first.fallen) - len(kept)
    return replace(draft, items=kept, dropped=draft.dropped + dropped)


def _capped(item: Item) -> Item:
    return replace(item, text=clip(item.text, LONGEST_ITEM))


def _unique(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return the items without those that say the same again, as small models do."""
    first: dict[tuple[Kind, str, str], Item] = {}
    for item in items:
        first.setdefault((item.kind, item.section, item.text.casefold()), item)
    return tuple(first.values())


def _was_said(title: str, whole: Part) -> bool:
    """Say whether there is a title that invents no number, date or name, and whose other words were mostly said."""
    said = content(" ".join(line.text for line in whole.lines), whole.language)
    about = content(title, whole.language)
    if not about or invention(whole, title, whole.lines, whole.lines) is not None:
        return False
    about -= numbers(title) | content(" ".join(whole.people), whole.language)
    return len(about & said) >= _SHARE_OF_TITLE * len(about)
