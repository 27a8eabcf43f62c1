"""Reads a model's answer, which is untrusted text that should be JSON. What is nearly right is repaired."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import json_repair

from notetaker.model.minutes import LONGEST_ITEM, Kind
from notetaker.model.notes_kind import OF_A_MEETING

LONGEST_TITLE: Final = 80
MOST_ITEMS: Final = 12
"""Most items of a kind in one answer."""
MOST_LINES: Final = 12
"""Most lines that an item may rest on."""

_SECTIONS: Final = {
    "points": Kind.POINT,
    "decisions": Kind.DECISION,
    "actions": Kind.ACTION,
    "questions": Kind.QUESTION,
    # as models without a schema call them
    "keypoints": Kind.POINT,
    "topics": Kind.POINT,
    "summary": Kind.POINT,
    "actionitems": Kind.ACTION,
    "tasks": Kind.ACTION,
    "openquestions": Kind.QUESTION,
}
_NOBODY: Final = frozenset({"null", "none", "n/a", "-", "unknown", "unassigned", "not said", "nobody", "tbd"})

_THOUGHT: Final = re.compile(r"\A.*</think>|<think>.*\Z", re.DOTALL)
"""What reasoning models think aloud, if the server does not take it out."""
_CITED: Final = re.compile(r"\s*[\[(](?:lines? )?(\d+(?:\s*[-–,]\s*\d+)*)[\])]")
_NUMBER: Final = re.compile(r"(?<!\d)\d{1,6}(?!\d)")
_MARK: Final = re.compile(r"^[-*•]+\s+|\*\*")
_LETTER: Final = re.compile(r"[^\W\d_]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as the model has it."""

    kind: Kind
    text: str
    numbers: tuple[int, ...]
    """The lines, or items, that it rests on, of which there may be none."""
    owner: str | None = None
    due: str | None = None
    section: str = ""
    """The section that an ENTRY belongs in."""


@dataclass(frozen=True, slots=True)
class Draft:
    title: str
    entries: tuple[Entry, ...]
    malformed: int
    """Entries that were none, and those beyond the most that an answer may have."""
    cut: bool = False
    """Whether the answer broke off, because it was too long."""


def read(text: str, sections: Iterable[str] = (), *, cut: bool = False) -> Draft:
    """Return what the model has written. ``cut`` if its answer broke off. Raises ValueError, which quotes nothing.

    ``sections`` are the names of those that this kind of notes has; others than a meeting's become ENTRY items.
    """
    own = {_key(name): name for name in sections if name not in OF_A_MEETING}
    text = _THOUGHT.sub("", text)
    if cut:
        text = text[: text.rfind("}") + 1]  # half an item may say the opposite of the whole
    document = _document(text, own)
    entries: list[Entry] = []
    malformed = 0
    for name, kind, section in _known(document, own):
        found = document[name] if isinstance(document[name], list) else []
        read = [entry for value in found[:MOST_ITEMS] if (entry := _entry(kind, section, value)) is not None]
        malformed += len(found) - len(read)
        entries += read
    return Draft(_line(document.get("title"), LONGEST_TITLE) or "", tuple(entries), malformed, cut)


def _document(text: str, own: Mapping[str, str]) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        try:
            document = json_repair.loads(text)
        except Exception:  # noqa: BLE001 - it guesses, and may stumble over anything
            raise ValueError("no JSON") from None
    candidates = document if isinstance(document, list) else [document]
    for candidate in reversed(candidates):
        for inner in (candidate, *(candidate.values() if isinstance(candidate, dict) else ())):
            if isinstance(inner, dict) and any(
                isinstance(inner[name], list) for name, *_ in _known(inner, own)
            ):
                return inner
    raise ValueError("no minutes")


def _known(document: dict[str, Any], own: Mapping[str, str]) -> Iterator[tuple[str, Kind, str]]:
    """Yield the names that are known, each with the kind of its items and, for entries, their section."""
    for name in document:
        key = _key(str(name))
        if key in own:
            yield name, Kind.ENTRY, own[key]
        elif key in _SECTIONS:
            yield name, _SECTIONS[key], ""


def _key(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _entry(kind: Kind, section: str, value: Any) -> Entry | None:
    given = value if isinstance(value, dict) else {"text": value}
    text = _line(given.get("text"), 2 * LONGEST_ITEM)
    if text is None:
        return None
    numbers = _numbers(given.get("lines", given.get("items")))
    if not numbers:
        numbers = _numbers([match[1] for match in _CITED.finditer(text)])
        text = _CITED.sub("", text).strip()
    if len(text) > LONGEST_ITEM or not _LETTER.search(text):
        return None
    owner, due = _optional(given.get("owner")), _optional(given.get("due"))
    return Entry(kind, text, numbers, owner, due, section)


def _numbers(value: Any) -> tuple[int, ...]:
    """Return numbers that may be given as ``[3, 4]``, ``"3-4"`` or ``["[3]"]``, sorted."""
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    found = {
        int(digits)
        for one in values[:MOST_LINES]
        if isinstance(one, int | float | str) and not isinstance(one, bool)
        for digits in _NUMBER.findall(str(one).removesuffix(".0")[:100])
    }
    return tuple(sorted(found))[:MOST_LINES]


def _optional(value: Any) -> str | None:
    text = _line(value, 100)
    return None if text is None or text.lower() in _NOBODY else text


def _line(value: Any, most: int) -> str | None:
    """Return text as one line without Markdown's marks, or None if it is none or too long."""
    if not isinstance(value, str):
        return None
    text = value.encode(errors="ignore").decode()
    text = " ".join(_CONTROL.sub(" ", _MARK.sub(" ", text.strip())).split())
    return text if 0 < len(text) <= most else None
