"""The writers that can be measured."""

from dataclasses import dataclass

from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.writer import Writer


class UnknownWriter(ValueError):
    """The message says which writers there are."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a language model answers."""

    base_url: str
    model: str


def writer(name: str, endpoint: Endpoint | None = None) -> Writer:
    """Return a writer by name; ``llm`` needs an endpoint. Raises UnknownWriter."""
    if name == "builtin":
        return BuiltIn()
    raise UnknownWriter(f"There is no writer {name!r}; there is: builtin")
