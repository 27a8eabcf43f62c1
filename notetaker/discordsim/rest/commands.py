"""REST: application commands, global and per guild.

Source: Discord docs, Interactions / Application Commands.
"""

from aiohttp import web

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.http import API, body_of, decode, no_content, reply
from notetaker.discordsim.hub import hub_of
from notetaker.discordsim.messages import command_schema
from notetaker.discordsim.rest.request import found, snowflake
from notetaker.discordsim.rest.users import own_application
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Application, Command

routes = web.RouteTableDef()

GLOBAL = API + "/applications/{application_id}/commands"
IN_GUILD = API + "/applications/{application_id}/guilds/{guild_id}/commands"
MAX_COMMANDS = 100


@routes.get(GLOBAL)
@routes.get(IN_GUILD)
async def list_commands(request: web.Request) -> web.Response:
    return reply([payloads.command(command) for command in _commands(request).values()])


@routes.put(GLOBAL)
@routes.put(IN_GUILD)
async def replace_commands(request: web.Request) -> web.Response:
    """Replace all commands. One of the same name keeps its id; one that is not in the list is deleted."""
    application, guild_id = _scope(request)
    bodies = decode(await request.read())
    if not isinstance(bodies, list):
        raise errors.invalid_form(("_", "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"))
    if len(bodies) > MAX_COMMANDS:
        raise DiscordError(400, 30032, "Maximum number of application commands reached (100).")
    for index, body in enumerate(bodies):
        command_schema.check(body, f"{index}.")
    old_ids = set(_commands(request))
    world = hub_of(request).world
    kept = [world.register(application.id, guild_id, body)[0] for body in bodies]
    for command_id in old_ids - {command.id for command in kept}:
        del application.commands[command_id]
    return reply([payloads.command(command) for command in kept])


@routes.post(GLOBAL)
@routes.post(IN_GUILD)
async def create_command(request: web.Request) -> web.Response:
    application, guild_id = _scope(request)
    body = await body_of(request)
    command_schema.check(body, "")
    command, new = hub_of(request).world.register(application.id, guild_id, body)
    return reply(payloads.command(command), 201 if new else 200)


@routes.get(GLOBAL + "/{command_id}")
@routes.get(IN_GUILD + "/{command_id}")
async def get_command(request: web.Request) -> web.Response:
    return reply(payloads.command(_command(request)))


@routes.patch(GLOBAL + "/{command_id}")
@routes.patch(IN_GUILD + "/{command_id}")
async def edit_command(request: web.Request) -> web.Response:
    command = _command(request)
    body = {**command.body, **await body_of(request)}
    command_schema.check(body, "")
    command.body, command.version = body, hub_of(request).world.snowflakes.next()
    return reply(payloads.command(command))


@routes.delete(GLOBAL + "/{command_id}")
@routes.delete(IN_GUILD + "/{command_id}")
async def delete_command(request: web.Request) -> web.Response:
    application, _ = _scope(request)
    del application.commands[_command(request).id]
    return no_content()


@routes.get(IN_GUILD + "/permissions")
async def list_permissions(request: web.Request) -> web.Response:
    """Return no permissions: nobody changes who may use a command here."""
    _scope(request)
    return reply([])


def _scope(request: web.Request) -> tuple[Application, int | None]:
    """Return the caller's application, and the guild in the path (None for global commands). Raises DiscordError."""
    application = own_application(request)
    if snowflake(request, "application_id") != application.id:
        raise DiscordError(403, 20012, "You are not authorized to perform this action on this application")
    if "guild_id" not in request.match_info:
        return application, None
    guild = hub_of(request).world.guilds.get(snowflake(request, "guild_id"))
    if guild is None or application.id not in guild.members:
        raise errors.missing_access()
    return application, guild.id


def _commands(request: web.Request) -> dict[int, Command]:
    application, guild_id = _scope(request)
    return {key: command for key, command in application.commands.items() if command.guild_id == guild_id}


def _command(request: web.Request) -> Command:
    return found(_commands(request).get(snowflake(request, "command_id")), "application command")
