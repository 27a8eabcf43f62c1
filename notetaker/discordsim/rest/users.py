"""REST: the gateway's address, users, applications.

Source: Discord docs, Events / Gateway, Resources / User and Resources / Application.
"""

from aiohttp import web

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.http import API, body_of, no_content, reply
from notetaker.discordsim.hub import hub_of
from notetaker.discordsim.rest.request import (
    caller_of,
    found,
    guild_of,
    snowflake,
)
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Application

routes = web.RouteTableDef()


@routes.get(API + "/gateway")
async def get_gateway(request: web.Request) -> web.Response:
    return reply({"url": hub_of(request).gateway.url})


@routes.get(API + "/gateway/bot")
async def get_bot_gateway(request: web.Request) -> web.Response:
    limits = {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1}
    return reply({"url": hub_of(request).gateway.url, "shards": 1, "session_start_limit": limits})


@routes.get(API + "/users/{user_id}")
async def get_user(request: web.Request) -> web.Response:
    user = found(hub_of(request).world.users.get(snowflake(request, "user_id")), "User")
    return reply(payloads.own_user(user) if user is caller_of(request) else payloads.user(user))


@routes.get(API + "/users/@me/guilds")
async def get_own_guilds(request: web.Request) -> web.Response:
    world, caller = hub_of(request).world, caller_of(request)
    return reply(
        [
            {
                "id": str(guild.id),
                "name": guild.name,
                "icon": None,
                "banner": None,
                "owner": guild.owner_id == caller.id,
                "permissions": str(int(world.guild_permissions(caller.id, guild))),
                "features": [],
            }
            for guild in world.guilds_of(caller.id)
        ]
    )


@routes.post(API + "/users/@me/channels")
async def open_dm(request: web.Request) -> web.Response:
    """Return the DM with a person, also with one who will get no messages in it."""
    world, caller = hub_of(request).world, caller_of(request)
    recipient_id = str((await body_of(request)).get("recipient_id"))
    if not recipient_id.isdecimal():
        raise errors.invalid_form(errors.no_snowflake("recipient_id", recipient_id))
    recipient = found(world.users.get(int(recipient_id)), "User")
    if recipient is caller or recipient.bot:
        raise DiscordError(400, 50007, "Cannot send messages to this user")
    return reply(payloads.dm(world, world.dm_between(caller.id, recipient.id), caller.id))


@routes.delete(API + "/users/@me/guilds/{guild_id}")
async def leave_guild(request: web.Request) -> web.Response:
    await hub_of(request).membership.remove(guild_of(request), caller_of(request).id)
    return no_content()


@routes.get(API + "/oauth2/applications/@me")
@routes.get(API + "/applications/@me")
async def get_own_application(request: web.Request) -> web.Response:
    return reply(payloads.application(hub_of(request).world, own_application(request)))


@routes.get(API + "/soundboard-default-sounds")
async def get_default_sounds(request: web.Request) -> web.Response:
    """Return no sounds: there are none here. py-cord asks at every start."""
    return reply([])


def own_application(request: web.Request) -> Application:
    application = hub_of(request).world.applications.get(caller_of(request).id)
    if application is None:
        raise errors.unauthorized()
    return application
