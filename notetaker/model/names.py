"""What people are called: their names as shown, told apart where two have the same one."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
"""Letters and symbols without a glyph: Hangul fillers, the empty Braille pattern and the null notehead."""


class Person(NamedTuple):
    """A member of a server, as Discord knew them during a meeting."""

    name: str
    """The display name, which may be empty, invisible or somebody else's."""
    username: str | None = None
    """The account's name, which no other person has; None if it is not known."""


def told_apart(people: Mapping[int, Person]) -> dict[int, str]:
    """Return by user id what to call everyone: ``Alex``, or ``Alex (alex_b)`` where another one is called Alex.

    A name that shows nothing is replaced by the user name.
    """
    names = {user_id: _shown(person) or f"User {user_id}" for user_id, person in people.items()}
    names = _where_shared(names, lambda user_id: people[user_id].username or f"id {user_id}")
    return _where_shared(names, lambda user_id: f"id {user_id}")  # somebody may be called "Alex (alex_b)"


def _shown(person: Person) -> str:
    """Return the first of display name and user name that shows something, else an empty text."""
    names = (name.strip() for name in person if name is not None)
    return next((name for name in names if any(map(_is_visible, name))), "")


def _is_visible(character: str) -> bool:
    """Letters, digits, punctuation and symbols are; so is what Unicode does not have yet, such as a new emoji."""
    category = unicodedata.category(character)
    return (category[0] in "LNPS" or category == "Cn") and character not in _BLANK


def _where_shared(names: Mapping[int, str], mark: Callable[[int], str]) -> dict[int, str]:
    """Return ``names``, with a mark in parentheses after those that look the same as another one."""
    looks = {user_id: _look(name) for user_id, name in names.items()}
    shared = Counter(looks.values())
    return {
        user_id: f"{name} ({mark(user_id)})" if shared[looks[user_id]] > 1 else name
        for user_id, name in names.items()
    }


def _look(name: str) -> str:
    """Return what is left of a name without case, width, spaces and what cannot be seen."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in unicodedata.normalize("NFKC", folded) if _is_visible(c) or _is_mark(c))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) == "Mc"
