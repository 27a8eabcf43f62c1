"""Joins the minutes of all parts: what was settled twice is one item, and what was overturned is marked."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from notetaker.model.minutes import Item, Kind, Minutes, PartMinutes, Summary
from notetaker.model.notes_kind import Form, NotesKind
from notetaker.notes.kinds import MEETING
from notetaker.notes.minutes.polarity import is_opposite
from notetaker.notes.minutes.spoken import stems
from notetaker.notes.minutes.spoken_numbers import numbers

_SAME = 0.6
"""Share of content words, of the two items together, from which on they are one."""
_ABOUT = 0.6
"""Share of the content words of the shorter of two decisions that makes them about the same thing."""
_AGAINST = re.compile(
    r"\b(?:no|not|never|without|out|drop(?:ped)?|rul(?:e|ed) out|leave out|omit|no longer"
    r"|don't|won't|can't|isn't|aren't|doesn't|cancel(?:led)?|skip|forget|lose)\b",
    re.IGNORECASE,
)
_KEEPS = re.compile(
    r"\b(?:not|never|don't|won't|can't) (?:cancel|change|drop|forget|lose|move|omit|remove|replace|skip)\b",
    re.IGNORECASE,
)
"""What is for something, though it has words that are against it."""
_RATHER = re.compile(r"\b(?:instead|rather than|in favour of|after all)\b", re.IGNORECASE)

_DECIDED = stems("decide decided decision agree agreed settle settled make made")


def join(parts: Sequence[PartMinutes], summary: Summary, kind: NotesKind = MEETING) -> Minutes:
    """Return the minutes of the meeting."""
    writers = [part.made_by for part in parts] or [summary.made_by]
    items = [item for part in parts for item in part.items]
    return Minutes(
        title=summary.title,
        summary=summary.items,
        parts=tuple(parts),
        decisions=_marked(_joined(item for item in items if item.kind is Kind.DECISION)),
        actions=tuple(_joined(item for item in items if item.kind is Kind.ACTION)),
        questions=tuple(_joined(item for item in items if item.kind is Kind.QUESTION)),
        made_by=tuple(name for name, _ in Counter(writers).most_common()),
        dropped=sum(part.dropped for part in parts) + summary.dropped,
        fell_back=summary.fell_back,
        entries=tuple(_entries(items, kind)),
        kind=kind.name,
    )


def _entries(items: Iterable[Item], kind: NotesKind) -> Iterator[Item]:
    """Yield the items of the kind's own sections. What two people say of themselves stays apart."""
    own = [item for item in items if item.kind is Kind.ENTRY]
    forms = dict.fromkeys((item.section for item in own), Form.LIST)
    forms |= {section.name: section.form for section in kind.sections}
    for name, form in forms.items():
        mine = [item for item in own if item.section == name]
        if form is Form.LIST:
            yield from _joined(mine)
        elif form is Form.LINE:
            yield from _names(mine)
        else:
            yield from mine


def _names(items: Sequence[Item]) -> Iterator[Item]:
    """Yield each name once, where most is said about it: "Hask the ferryman", but not "Hask"."""
    said = [stems(item.text) or {item.text.casefold()} for item in items]
    for number, (item, words) in enumerate(zip(items, said, strict=True)):
        if words not in said[:number] and not any(words < other for other in said):
            yield item


def _joined(items: Iterable[Item]) -> list[Item]:
    """Return items in order; those that say the same become one, in the last words, because a recap says it best."""
    joined: list[Item] = []
    for item in items:
        for number, earlier in enumerate(joined):
            if _is_same(earlier, item):
                cites = tuple(dict.fromkeys((*earlier.cites, *item.cites)))
                owner, due = item.owner or earlier.owner, item.due or earlier.due
                joined[number] = replace(item, cites=cites, owner=owner, due=due)
                break
        else:
            joined.append(item)
    return joined


def _is_same(one: Item, other: Item) -> bool:
    if one.section != other.section or (one.owner and other.owner and one.owner != other.owner):
        return False
    if any(bool(is_so(one.text)) != bool(is_so(other.text)) for is_so in (_is_against, _RATHER.search)):
        return False
    said = numbers(one.text), numbers(other.text)
    if all(said) and said[0] != said[1]:
        return False
    first, second = stems(one.text), stems(other.text)
    return len(first & second) >= _SAME * max(len(first | second), 1)


def _marked(decisions: Sequence[Item]) -> tuple[Item, ...]:
    """Mark each decision that a later one about the same thing contradicts."""
    return tuple(
        replace(item, overturned=any(_overturns(later, item) for later in decisions[number + 1 :]))
        for number, item in enumerate(decisions)
    )


def _overturns(later: Item, earlier: Item) -> bool:
    first, second = _about(earlier.text), _about(later.text)
    shared = len(first & second)
    return _is_contrary(earlier.text, later.text) and shared >= max(1, _ABOUT * min(len(first), len(second)))


def _is_contrary(earlier: str, later: str) -> bool:
    if _RATHER.search(later):
        return not _RATHER.search(earlier)
    if _is_against(later):
        return not _is_against(earlier) and not _RATHER.search(earlier)
    return is_opposite(later, [earlier], "en")


def _is_against(text: str) -> bool:
    return bool(_AGAINST.search(_KEEPS.sub("", text)))


def _about(text: str) -> set[str]:
    """Return what a decision is about: not "we've", nor "decided"."""
    return {word for word in stems(text) - _DECIDED if "'" not in word}
