"""What Discord refuses in a command that an application registers.

Source: Discord docs, Interactions / Application Commands (naming, command structure, option structure).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from notetaker.discordsim import errors
from notetaker.discordsim.messages.usage import INTEGER, NUMBER, STRING, SUB_COMMAND, SUB_COMMAND_GROUP
from notetaker.discordsim.world.entities import Json

CHAT_INPUT = 1
NAME = re.compile(r"[-_'\w]{1,32}")
OPTION_TYPES = range(SUB_COMMAND, 12)
CHOOSABLE = STRING, INTEGER, NUMBER
"""Types of the options that may have choices, or autocomplete."""
OPTIONS_LIMIT = CHOICES_LIMIT = 25
TEXT_LIMIT = 100
"""Characters of a description, and of the name and the value of a choice."""
LENGTH_LIMIT = 6000
SIZE_LIMIT = 8000
"""Characters of all names, descriptions and values of a command together."""

NUMBERS: dict[int, Any] = {INTEGER: int, NUMBER: (int, float)}
NO_LIST = "Only iterables may be used in a ListType"
NO_DICT = "Only dictionaries may be used in a DictType"

Problem = tuple[str, str, str]
"""Path of the field, code, message."""


def check(body: Json, path: str) -> None:
    """Raises DiscordError with everything that is wrong. `path` is that of the command in the request, with a dot."""
    problems = list(_command(body, path))
    if problems:
        raise errors.invalid_form(*problems)


def choices(given: Any, path: str, kind: int) -> Iterator[Problem]:
    """What is wrong with choices for an option of this kind, registered or as an answer to autocomplete."""
    if not isinstance(given, list):
        yield path, "LIST_TYPE_CONVERT", NO_LIST
        return
    if len(given) > CHOICES_LIMIT:
        yield errors.too_long(path, CHOICES_LIMIT)
    for index, choice in enumerate(given):
        place = f"{path}.{index}"
        if not isinstance(choice, dict):
            yield place, "DICT_TYPE_CONVERT", NO_DICT
            continue
        yield from _length(choice, f"{place}.", "name")
        value = choice.get("value")
        if value is None:
            yield errors.required(f"{place}.value")
        elif kind == STRING and not isinstance(value, str):
            yield f"{place}.value", "STRING_TYPE_CONVERT", "Could not interpret value as string."
        elif kind == STRING and not 1 <= len(value) <= TEXT_LIMIT:
            yield f"{place}.value", "BASE_TYPE_BAD_LENGTH", _between(TEXT_LIMIT)
        elif kind != STRING and (isinstance(value, bool) or not isinstance(value, NUMBERS[kind])):
            yield f"{place}.value", "NUMBER_TYPE_COERCE", f"Value {str(value)!r} is not a number."


def _command(body: Json, path: str) -> Iterator[Problem]:
    kind, name = body.get("type", CHAT_INPUT), str(body.get("name", ""))
    if not name:
        yield errors.required(path + "name")
    elif kind == CHAT_INPUT and not _is_name(name):
        yield path + "name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
    if kind == CHAT_INPUT:
        yield from _length(body, path, "description")
        yield from _options(body.get("options") or [], f"{path}options")
        if _size(body) > SIZE_LIMIT:
            code = "APPLICATION_COMMAND_TOO_LARGE"
            yield path.rstrip(".") or "_", code, f"Command exceeds maximum size ({SIZE_LIMIT})"


def _size(schema: Any) -> int:
    if not isinstance(schema, dict):
        return 0
    texts = [schema.get(field) for field in ("name", "description", "value")]
    nested = [one for field in ("options", "choices") for one in schema.get(field) or []]
    return sum(len(text) for text in texts if isinstance(text, str)) + sum(map(_size, nested))


def _options(options: Any, path: str) -> Iterator[Problem]:
    if not isinstance(options, list):
        yield path, "LIST_TYPE_CONVERT", NO_LIST
        return
    if len(options) > OPTIONS_LIMIT:
        yield errors.too_long(path, OPTIONS_LIMIT)
    names: set[str] = set()
    optional = False
    for index, option in enumerate(options):
        place = f"{path}.{index}"
        if not isinstance(option, dict):
            yield place, "DICT_TYPE_CONVERT", NO_DICT
            continue
        yield from _option(option, f"{place}.")
        name = str(option.get("name", ""))
        if name in names:
            code = "APPLICATION_COMMAND_OPTIONS_NAME_INVALID"
            yield place, code, f"Option name {name} is already used in these options"
        names.add(name)
        if optional and option.get("required"):
            code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
            yield place, code, "Required options must be placed before non-required options"
        optional = optional or not option.get("required")


def _option(option: Json, path: str) -> Iterator[Problem]:
    name, kind = str(option.get("name", "")), option.get("type")
    if not name:
        yield errors.required(path + "name")
    elif not _is_name(name):
        yield path + "name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
    yield from _length(option, path, "description")
    if kind is None:
        yield errors.required(path + "type")
    elif kind not in OPTION_TYPES:
        yield path + "type", "BASE_TYPE_CHOICES", f"Value must be one of {set(OPTION_TYPES)}."
    elif kind in (SUB_COMMAND, SUB_COMMAND_GROUP):
        yield from _options(option.get("options") or [], f"{path}options")
    elif kind in CHOOSABLE:
        yield from choices(option.get("choices") or [], f"{path}choices", kind)
        if option.get("autocomplete") and option.get("choices"):
            yield (
                path + "autocomplete",
                "INVALID_AUTOCOMPLETE",
                "Autocomplete and choices exclude each other.",
            )
    elif option.get("autocomplete") or option.get("choices"):
        yield path + "type", "BASE_TYPE_CHOICES", f"Value must be one of {set(CHOOSABLE)}."
    for field, lowest in (("min_length", 0), ("max_length", 1)):
        limit = option.get(field)
        if limit is not None and not lowest <= limit <= LENGTH_LIMIT:
            yield path + field, "NUMBER_TYPE_RANGE", f"Value must be from {lowest} to {LENGTH_LIMIT}."


def _length(schema: Json, path: str, field: str) -> Iterator[Problem]:
    if not 1 <= len(str(schema.get(field) or "")) <= TEXT_LIMIT:
        yield path + field, "BASE_TYPE_BAD_LENGTH", _between(TEXT_LIMIT)


def _between(limit: int) -> str:
    return f"Must be between 1 and {limit} in length."


def _is_name(name: str) -> bool:
    return bool(NAME.fullmatch(name)) and name == name.lower()
