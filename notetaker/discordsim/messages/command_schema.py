"""Checks of the commands that applications register.

Source: Discord docs, Interactions / Application Commands (naming, command structure, option structure).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from notetaker.discordsim import errors
from notetaker.discordsim.errors import InvalidField
from notetaker.discordsim.messages.command_usage import OptionType
from notetaker.discordsim.world.entities import Json

CHAT_INPUT = 1
NAME = re.compile(r"[-_'\w]{1,32}")
CHOOSABLE = OptionType.STRING, OptionType.INTEGER, OptionType.NUMBER
"""Types of the options that may have choices, or autocomplete."""
MAX_OPTIONS = MAX_CHOICES = 25
MAX_TEXT = 100
"""Characters of a description, and of the name and the value of a choice."""
MAX_LENGTH = 6000
"""Characters that an option's ``min_length`` and ``max_length`` may ask for."""
MAX_SIZE = 8000
"""Characters of all names, descriptions and values of a command together."""

NUMBERS: dict[int, Any] = {OptionType.INTEGER: int, OptionType.NUMBER: (int, float)}
NO_LIST = "Only iterables may be used in a ListType"
NO_DICT = "Only dictionaries may be used in a DictType"


def check(body: Json, path: str) -> None:
    """Raise DiscordError with all invalid fields. ``path`` is that of the command in the request, with a dot."""
    invalid = list(_command(body, path))
    if invalid:
        raise errors.invalid_form(*invalid)


def choices(given: Any, path: str, kind: int) -> Iterator[InvalidField]:
    """Yield what is invalid in the choices of an option of this kind, registered or answered to autocomplete."""
    if not isinstance(given, list):
        yield path, "LIST_TYPE_CONVERT", NO_LIST
        return
    if len(given) > MAX_CHOICES:
        yield errors.too_long(path, MAX_CHOICES)
    for index, choice in enumerate(given):
        place = f"{path}.{index}"
        if not isinstance(choice, dict):
            yield place, "DICT_TYPE_CONVERT", NO_DICT
            continue
        yield from _length(choice, f"{place}.", "name")
        value = choice.get("value")
        if value is None:
            yield errors.required(f"{place}.value")
        elif kind == OptionType.STRING and not isinstance(value, str):
            yield f"{place}.value", "STRING_TYPE_CONVERT", "Could not interpret value as string."
        elif kind == OptionType.STRING and not 1 <= len(value) <= MAX_TEXT:
            yield f"{place}.value", "BASE_TYPE_BAD_LENGTH", _between(MAX_TEXT)
        elif kind != OptionType.STRING and (isinstance(value, bool) or not isinstance(value, NUMBERS[kind])):
            yield f"{place}.value", "NUMBER_TYPE_COERCE", f"Value {str(value)!r} is not a number."


def _command(body: Json, path: str) -> Iterator[InvalidField]:
    kind, name = body.get("type", CHAT_INPUT), str(body.get("name", ""))
    if not name:
        yield errors.required(path + "name")
    elif kind == CHAT_INPUT and not _is_name(name):
        yield path + "name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
    if kind == CHAT_INPUT:
        yield from _length(body, path, "description")
        yield from _options(body.get("options") or [], f"{path}options")
        if _size(body) > MAX_SIZE:
            code = "APPLICATION_COMMAND_TOO_LARGE"
            yield path.rstrip(".") or "_", code, f"Command exceeds maximum size ({MAX_SIZE})"


def _size(schema: Any) -> int:
    if not isinstance(schema, dict):
        return 0
    texts = [schema.get(field) for field in ("name", "description", "value")]
    nested = [one for field in ("options", "choices") for one in schema.get(field) or []]
    return sum(len(text) for text in texts if isinstance(text, str)) + sum(map(_size, nested))


def _options(options: Any, path: str) -> Iterator[InvalidField]:
    if not isinstance(options, list):
        yield path, "LIST_TYPE_CONVERT", NO_LIST
        return
    if len(options) > MAX_OPTIONS:
        yield errors.too_long(path, MAX_OPTIONS)
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


def _option(option: Json, path: str) -> Iterator[InvalidField]:
    name, kind = str(option.get("name", "")), option.get("type")
    if not name:
        yield errors.required(path + "name")
    elif not _is_name(name):
        yield path + "name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
    yield from _length(option, path, "description")
    if kind is None:
        yield errors.required(path + "type")
    elif kind not in list(OptionType):
        yield path + "type", "BASE_TYPE_CHOICES", _one_of(OptionType)
    elif kind in (OptionType.SUB_COMMAND, OptionType.SUB_COMMAND_GROUP):
        yield from _options(option.get("options") or [], f"{path}options")
    elif kind in CHOOSABLE:
        yield from choices(option.get("choices") or [], f"{path}choices", kind)
        if option.get("autocomplete") and option.get("choices"):
            message = "Autocomplete and choices exclude each other."
            yield path + "autocomplete", "INVALID_AUTOCOMPLETE", message
    elif option.get("autocomplete") or option.get("choices"):
        yield path + "type", "BASE_TYPE_CHOICES", _one_of(CHOOSABLE)
    for field, lowest in (("min_length", 0), ("max_length", 1)):
        limit = option.get(field)
        if limit is not None and not lowest <= limit <= MAX_LENGTH:
            yield path + field, "NUMBER_TYPE_RANGE", f"Value must be from {lowest} to {MAX_LENGTH}."


def _length(schema: Json, path: str, field: str) -> Iterator[InvalidField]:
    if not 1 <= len(str(schema.get(field) or "")) <= MAX_TEXT:
        yield path + field, "BASE_TYPE_BAD_LENGTH", _between(MAX_TEXT)


def _one_of(types: Iterable[OptionType]) -> str:
    return f"Value must be one of {set(map(int, types))}."


def _between(limit: int) -> str:
    return f"Must be between 1 and {limit} in length."


def _is_name(name: str) -> bool:
    return bool(NAME.fullmatch(name)) and name == name.lower()
