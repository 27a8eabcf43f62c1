"""The kinds of notes on this host: the built-in ones, and the operator's."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from notetaker.model.notes_kind import NotesKind
from notetaker.notes.kinds import STANDARD, Kinds, parse
from notetaker.settings.values import Settings


@dataclass(frozen=True, slots=True)
class Loaded:
    kinds: Kinds
    faults: tuple[str, ...]
    """Sentences about what cannot be used. Notes are made all the same, of another kind."""


def load_kinds(settings: Settings) -> Loaded:
    """Read the operator's kinds. One that is called like a built-in one takes its place."""
    known, faults = dict(STANDARD.by_name), []
    try:
        files = sorted(settings.notes_kinds_dir.glob("*.toml")) if settings.notes_kinds_dir else []
        if settings.notes_kinds_dir:
            next(settings.notes_kinds_dir.iterdir(), None)  # which says why it cannot be read; glob does not
    except OSError as error:
        files = []
        faults.append(f"NOTES_KINDS_DIR: cannot read {error.filename} ({error.strerror})")
    for path in files:
        try:
            known[path.stem] = _read(path)
        except ValueError as error:
            faults.append(f"{path} is not a kind of notes: {error}; see docs/notes-kinds.md")
        except OSError as error:
            faults.append(f"NOTES_KINDS_DIR: cannot read {path} ({error.strerror})")
    default = known.get(settings.notes_kind)
    if default is None:
        names = ", ".join(known)
        faults.append(f"NOTES_KIND: there is no kind of notes {settings.notes_kind!r}; there are {names}")
    return Loaded(Kinds(known, default or STANDARD.default), tuple(faults))


def _read(path: Path) -> NotesKind:
    """Raises ValueError and OSError."""
    try:
        return parse(path.stem, path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("it is not text in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it is not TOML: {error}") from None
