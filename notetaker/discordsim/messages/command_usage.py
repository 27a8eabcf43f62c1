"""How a person's client turns ``/command option:value`` into interaction data.

Source: Discord docs, Interactions / Application Commands (option types) and Receiving and Responding.
"""

import re
from enum import IntEnum

from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Command, Guild, Json
from notetaker.discordsim.world.world import World


class OptionType(IntEnum):
    SUB_COMMAND = 1
    SUB_COMMAND_GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


PLAIN: dict[int, type | tuple[type, ...]] = {
    OptionType.STRING: str,
    OptionType.INTEGER: int,
    OptionType.BOOLEAN: bool,
    OptionType.NUMBER: (int, float),
}


class UsageError(Exception):
    """A client would not let the person do this. The message is a sentence that says why."""


def command_data(
    world: World, guild: Guild, user_id: int, line: str, given: Json, focused: str | None = None
) -> tuple[Command, Json]:
    """Return the command named by ``line`` ("startnotes", "notes export") and its data. Raises UsageError.

    ``given`` maps option names to values; users, channels and roles are given by id. Options may also be typed at the
    end of the line. ``focused`` is the option that the person is still typing (autocomplete): it need not be valid
    yet, and other options may be missing.
    """
    name, _, rest = line.removeprefix("/").strip().partition(" ")
    command = next((c for c in world.commands_in(guild.id) if c.name == name), None)
    if command is None:
        raise UsageError(f"There is no command /{name} in {guild.name}.")
    subcommands, typed = _typed(command.body, rest)
    needed = command.body.get("default_member_permissions")
    bits = world.guild_permissions(user_id, guild)
    if needed is not None and bits & int(needed) != int(needed):
        raise UsageError(f"{world.display_name(guild, user_id)} may not use /{name}.")
    resolved: Json = {}
    schema: Json = command.body
    levels: list[Json] = []
    for part in subcommands:
        options = {option["name"]: option for option in schema.get("options") or []}
        if part not in options or options[part]["type"] > OptionType.SUB_COMMAND_GROUP:
            raise UsageError(f"/{name} has no subcommand {part}.")
        schema = options[part]
        levels.append({"name": part, "type": schema["type"]})
    given = given | _values(schema, typed)
    used = _options(world, guild, schema, given, resolved, focused)
    for level in reversed(levels):
        used = [{**level, "options": used}]
    data: Json = {"id": str(command.id), "name": command.name, "type": command.body.get("type", 1)}
    if used:
        data["options"] = used
    if resolved:
        data["resolved"] = resolved
    if command.guild_id is not None:
        data["guild_id"] = str(command.guild_id)
    return command, data


def _typed(schema: Json, text: str) -> tuple[list[str], list[str]]:
    """Return the subcommands in a text, then alternating names and values of options, as in "language:German"."""
    names = "|".join(map(re.escape, _option_names(schema)))
    before, *typed = re.split(rf"(?:^|\s)({names}):", text) if names else [text]
    return before.split(), typed


def _option_names(schema: Json) -> list[str]:
    """Return the names of all options, also those of subcommands."""
    names: list[str] = []
    for option in schema.get("options") or []:
        names += _option_names(option) if option["type"] <= OptionType.SUB_COMMAND_GROUP else [option["name"]]
    return names


def _values(schema: Json, typed: list[str]) -> Json:
    """Return typed options, alternating names and texts, with values of the options' types."""
    kinds = {option["name"]: option["type"] for option in schema.get("options") or []}
    values: Json = {}
    for name, text in zip(typed[::2], map(str.strip, typed[1::2]), strict=True):
        values[name] = text
        try:
            if kinds.get(name) in (OptionType.INTEGER, OptionType.NUMBER):
                values[name] = int(text) if kinds[name] == OptionType.INTEGER else float(text)
            elif kinds.get(name) == OptionType.BOOLEAN:
                values[name] = {"true": True, "false": False}[text.lower()]
        except (KeyError, ValueError):
            pass  # not complete yet, or refused later
    return values


def _options(
    world: World, guild: Guild, schema: Json, given: Json, resolved: Json, focused: str | None
) -> list[Json]:
    known = {option["name"]: option for option in schema.get("options") or []}
    for name in (*given, *([focused] if focused is not None else [])):
        if name not in known:
            raise UsageError(f"/{schema['name']} has no option {name}.")
    options = []
    for name, option in known.items():
        if option["type"] <= OptionType.SUB_COMMAND_GROUP:
            raise UsageError(f"/{schema['name']} is used by one of its subcommands, such as {name}.")
        if name == focused:
            if not option.get("autocomplete"):
                raise UsageError(f"Option {name} of /{schema['name']} has no autocomplete.")
            text = str(given.get(name, ""))
            options.append({"name": name, "type": option["type"], "value": text, "focused": True})
        elif name in given:
            value = _value(world, guild, option, given[name], resolved)
            options.append({"name": name, "type": option["type"], "value": value})
        elif option.get("required") and focused is None:
            raise UsageError(f"/{schema['name']} needs the option {name}.")
    return options


def focused(data: Json) -> Json:
    """Return the option that the person is typing, from the data of an autocomplete interaction."""
    options = list(data.get("options", []))
    while options:
        option: Json = options.pop()
        if option.get("focused"):
            return option
        options += option.get("options", [])
    raise LookupError("no option is being typed")


def _check_size(option: Json, value: object) -> None:
    size = len(value) if isinstance(value, str) else value
    if isinstance(size, bool) or not isinstance(size, int | float):
        return
    unit = "length" if isinstance(value, str) else "value"
    lowest, highest = option.get(f"min_{unit}"), option.get(f"max_{unit}")
    if (lowest is not None and size < lowest) or (highest is not None and size > highest):
        raise UsageError(f"Option {option['name']} does not take {value!r}.")


def _value(world: World, guild: Guild, option: Json, value: object, resolved: Json) -> object:
    """Return a value as sent on the wire, and add what an id stands for to ``resolved``. Raises UsageError."""
    if option["type"] in PLAIN:
        if not isinstance(value, PLAIN[option["type"]]):
            raise UsageError(f"Option {option['name']} does not take {value!r}.")
        if option.get("choices") and value not in [choice["value"] for choice in option["choices"]]:
            raise UsageError(f"Option {option['name']} offers no choice {value!r}.")
        _check_size(option, value)
        return value
    key = str(value)
    number = int(key) if key.isdecimal() else 0
    if option["type"] in (OptionType.USER, OptionType.MENTIONABLE) and number in guild.members:
        member = payloads.member(world, guild.members[number], with_user=False)
        bits = str(int(world.guild_permissions(number, guild)))
        resolved.setdefault("users", {})[key] = payloads.user(world.users[number])
        resolved.setdefault("members", {})[key] = {**member, "permissions": bits}
    elif option["type"] == OptionType.CHANNEL and number in guild.channels:
        resolved.setdefault("channels", {})[key] = payloads.channel(guild.channels[number])
    elif option["type"] in (OptionType.ROLE, OptionType.MENTIONABLE) and number in guild.roles:
        resolved.setdefault("roles", {})[key] = payloads.role(guild.roles[number])
    else:
        raise UsageError(f"Option {option['name']} does not take {value!r}.")
    return key
