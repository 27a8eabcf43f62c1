"""Kinds of notes. Each is a file of this folder, or of a folder of the operator's; ``docs/notes-kinds.md`` explains
them, and :class:`~notetaker.model.notes_kind.NotesKind` is what is read from one.
"""

import pkgutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from notetaker.model.minutes import Item, Kind
from notetaker.model.notes_kind import SUMMARY, NotesKind


def parse(name: str, text: str) -> NotesKind:
    """Return the kind that a TOML file describes. Raises ValueError, which says what is wrong where."""
    try:
        kind = NotesKind.model_validate(tomllib.loads(text) | {"name": name})
    except ValidationError as errors:
        error = errors.errors()[0]
        place = " ".join(str(one + 1 if isinstance(one, int) else one) for one in error["loc"])
        raise ValueError(f"{place}: {error['msg'].removeprefix('Value error, ')}") from None
    names = [section.name for section in kind.sections]
    if twice := next((one for one in names if names.count(one) > 1), None):
        raise ValueError(f"sections: there are two called {twice}")
    if reserved := {"title", "points"}.intersection(names):
        raise ValueError(f"sections: none can be called {reserved.pop()}")
    return kind


def _built_in(name: str) -> NotesKind:
    text = pkgutil.get_data(__name__, f"{name}.toml")
    assert text is not None
    return parse(name, text.decode())


MEETING: Final = _built_in("meeting")
BUILT_IN: Final = (MEETING, *map(_built_in, ("standup", "session", "podcast", "lecture")))


def has_place(kind: NotesKind, item: Item) -> bool:
    """Say whether there is a section for an item. Points are also what a summary is made of."""
    return bool(kind.section(item.belongs_in) or (item.kind is Kind.POINT and kind.section(SUMMARY)))


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds that can be chosen."""

    by_name: Mapping[str, NotesKind]
    default: NotesKind = MEETING

    def get(self, name: str | None) -> NotesKind:
        """Return the kind of that name, or the default if there is none any more."""
        return self.by_name.get(name or "", self.default)

    def matching(self, text: str) -> list[NotesKind]:
        """Return the kinds whose name or description has what a person has typed, the default first."""
        wanted = text.strip().casefold()
        return sorted(
            (
                kind
                for kind in self.by_name.values()
                if wanted in f"{kind.name} {kind.description}".casefold()
            ),
            key=lambda kind: kind is not self.default,
        )


STANDARD: Final = Kinds({kind.name: kind for kind in BUILT_IN})
