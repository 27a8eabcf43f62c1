"""REST: roles, who has them, and the permission overwrites of channels.

Source: Discord docs, Topics / Permissions, Resources / Guild and Resources / Channel (Edit Channel Permissions).
"""

from aiohttp import web

from notetaker.discordsim.http import API, body_of, no_content, reply
from notetaker.discordsim.hub import hub_of
from notetaker.discordsim.rest.request import (
    caller_of,
    channel_of,
    found,
    guild_of,
    member_of,
    require,
    snowflake,
    text_field,
)
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Guild, Json, Member, Role
from notetaker.discordsim.world.permissions import Permission

routes = web.RouteTableDef()

OVERWRITE = API + "/channels/{channel_id}/permissions/{overwrite_id}"
ROLE = API + "/guilds/{guild_id}/roles/{role_id}"
MEMBER_ROLE = API + "/guilds/{guild_id}/members/{user_id}/roles/{role_id}"


@routes.put(OVERWRITE)
async def edit_overwrite(request: web.Request) -> web.Response:
    channel = channel_of(request, Permission.MANAGE_ROLES)
    target_id = snowflake(request, "overwrite_id")
    body = await body_of(request)
    hub = hub_of(request)
    guild = hub.world.guild_of(channel)
    found(guild.roles.get(target_id) or guild.members.get(target_id), "Overwrite")
    allow, deny = int(body.get("allow") or 0), int(body.get("deny") or 0)
    with hub.threads.synced(guild):
        hub.world.overwrite(channel, target_id, allow=allow, deny=deny)
        hub.broadcast.channel_update(channel)
    return no_content()


@routes.delete(OVERWRITE)
async def delete_overwrite(request: web.Request) -> web.Response:
    channel = channel_of(request, Permission.MANAGE_ROLES)
    hub = hub_of(request)
    with hub.threads.synced(hub.world.guild_of(channel)):
        found(channel.overwrites.pop(snowflake(request, "overwrite_id"), None), "Overwrite")
        hub.broadcast.channel_update(channel)
    return no_content()


@routes.post(API + "/guilds/{guild_id}/roles")
async def create_role(request: web.Request) -> web.Response:
    guild = _managed_guild(request)
    hub, body = hub_of(request), await body_of(request)
    role = hub.world.add_role(
        guild, str(body.get("name") or "new role"), _permissions(body, guild.roles[guild.id])
    )
    hub.broadcast.role("GUILD_ROLE_CREATE", guild, role)
    return reply(payloads.role(role))


@routes.patch(ROLE)
async def edit_role(request: web.Request) -> web.Response:
    """Change a role. That of @everyone has the id of the guild."""
    guild = _managed_guild(request)
    role = _role(request, guild)
    body = await body_of(request)
    if "name" in body:
        role.name = text_field(body, "name", 100)
    hub, bits = hub_of(request), _permissions(body, role)
    with hub.threads.synced(guild):
        role.permissions = bits
        hub.broadcast.role("GUILD_ROLE_UPDATE", guild, role)
    return reply(payloads.role(role))


@routes.delete(ROLE)
async def delete_role(request: web.Request) -> web.Response:
    """Delete a role, which everybody who had it loses without another event."""
    guild = _managed_guild(request)
    role = _role(request, guild)
    hub = hub_of(request)
    with hub.threads.synced(guild):
        del guild.roles[role.id]
        for member in guild.members.values():
            member.role_ids = [i for i in member.role_ids if i != role.id]
        hub.broadcast.role_delete(guild, role)
    return no_content()


@routes.put(MEMBER_ROLE)
async def add_role(request: web.Request) -> web.Response:
    guild, member, role = _of_member(request)
    hub = hub_of(request)
    with hub.threads.synced(guild):
        member.role_ids = [*(i for i in member.role_ids if i != role.id), role.id]
        hub.broadcast.member_update(guild, member.user_id)
    return no_content()


@routes.delete(MEMBER_ROLE)
async def remove_role(request: web.Request) -> web.Response:
    guild, member, role = _of_member(request)
    hub = hub_of(request)
    with hub.threads.synced(guild):
        member.role_ids = [i for i in member.role_ids if i != role.id]
        hub.broadcast.member_update(guild, member.user_id)
    return no_content()


def _of_member(request: web.Request) -> tuple[Guild, Member, Role]:
    guild = _managed_guild(request)
    return guild, member_of(request, guild), _role(request, guild)


def _managed_guild(request: web.Request) -> Guild:
    """Return the guild in the path, whose roles the caller may manage."""
    guild = guild_of(request)
    require(hub_of(request).world.guild_permissions(caller_of(request).id, guild), Permission.MANAGE_ROLES)
    return guild


def _role(request: web.Request, guild: Guild) -> Role:
    return found(guild.roles.get(snowflake(request, "role_id")), "Role")


def _permissions(body: Json, before: Role) -> int:
    given = body.get("permissions")
    return before.permissions if given is None else int(given)
