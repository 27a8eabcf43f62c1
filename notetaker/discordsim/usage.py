"""How a person's client turns "/command with options" into interaction data.

Source: Discord docs, Interactions / Application Commands (option types) and Receiving and Responding.
"""

from __future__ import annotations

from . import payloads
from .entities import Command, Guild, Json
from .world import World

SUB_COMMAND, SUB_COMMAND_GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = range(3, 11)

PLAIN: dict[int, type | tuple[type, ...]] = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: (int, float)}


class UsageError(Exception):
    """The client would not let the person send this; the message says why."""


def command_data(world: World, guild: Guild, user_id: int, line: str, given: Json) -> tuple[Command, Json]:
    """The command named by `line` ("startnotes", or "notes export" for a subcommand) and its interaction data.

    `given` maps option names to values; users, channels and roles are given by id.
    """
    name, *path = line.removeprefix("/").split()
    command = next((c for c in world.commands_in(guild.id) if c.name == name), None)
    if command is None:
        raise UsageError(f"There is no command /{name} in {guild.name}.")
    needed = command.body.get("default_member_permissions")
    bits = world.guild_permissions(user_id, guild)
    if needed is not None and bits & int(needed) != int(needed):
        raise UsageError(f"{world.display_name(guild, user_id)} may not use /{name}.")
    resolved: Json = {}
    schema: Json = command.body
    levels: list[Json] = []
    for part in path:
        found = [
            o for o in schema.get("options") or [] if o["name"] == part and o["type"] <= SUB_COMMAND_GROUP
        ]
        if not found:
            raise UsageError(f"/{name} has no subcommand {part}.")
        schema = found[0]
        levels.append({"name": part, "type": schema["type"]})
    options = _options(world, guild, schema, given, resolved)
    for level in reversed(levels):
        options = [{**level, "options": options}]
    data: Json = {"id": str(command.id), "name": command.name, "type": command.body.get("type", 1)}
    if options:
        data["options"] = options
    if resolved:
        data["resolved"] = resolved
    if command.guild_id is not None:
        data["guild_id"] = str(command.guild_id)
    return command, data


def _options(world: World, guild: Guild, schema: Json, given: Json, resolved: Json) -> list[Json]:
    known = {option["name"]: option for option in schema.get("options") or []}
    for name in given:
        if name not in known:
            raise UsageError(f"/{schema['name']} has no option {name}.")
    options = []
    for name, option in known.items():
        if option["type"] <= SUB_COMMAND_GROUP:
            raise UsageError(f"/{schema['name']} is used by one of its subcommands, such as {name}.")
        if name in given:
            value = _value(world, guild, option, given[name], resolved)
            options.append({"name": name, "type": option["type"], "value": value})
        elif option.get("required"):
            raise UsageError(f"/{schema['name']} needs the option {name}.")
    return options


def _value(world: World, guild: Guild, option: Json, value: object, resolved: Json) -> object:
    """The value as it stands on the wire; what an id stands for is added to `resolved`."""
    if option["type"] in PLAIN:
        if not isinstance(value, PLAIN[option["type"]]):
            raise UsageError(f"Option {option['name']} does not take {value!r}.")
        if option.get("choices") and value not in [choice["value"] for choice in option["choices"]]:
            raise UsageError(f"Option {option['name']} offers no choice {value!r}.")
        return value
    key = str(value)
    number = int(key) if key.isdecimal() else 0
    if option["type"] in (USER, MENTIONABLE) and number in guild.members:
        member = payloads.member(world, guild.members[number], with_user=False)
        bits = str(int(world.guild_permissions(number, guild)))
        resolved.setdefault("users", {})[key] = payloads.user(world.users[number])
        resolved.setdefault("members", {})[key] = {**member, "permissions": bits}
    elif option["type"] == CHANNEL and number in guild.channels:
        resolved.setdefault("channels", {})[key] = payloads.channel(guild.channels[number])
    elif option["type"] in (ROLE, MENTIONABLE) and number in guild.roles:
        resolved.setdefault("roles", {})[key] = payloads.role(guild.roles[number])
    else:
        raise UsageError(f"Option {option['name']} does not take {value!r}.")
    return key
