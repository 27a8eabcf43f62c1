"""REST: guilds, their members and voice states.

Source: Discord docs, Resources / Guild and Resources / Voice.
"""

from datetime import datetime

from aiohttp import web

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError
from notetaker.discordsim.http import API, body_of, no_content, reply
from notetaker.discordsim.hub import hub_of
from notetaker.discordsim.rest.request import (
    caller_of,
    found,
    guild_of,
    integer,
    member_of,
    require,
    snowflake,
)
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import ChannelType, Guild, Json, VoiceState
from notetaker.discordsim.world.permissions import Permission
from notetaker.discordsim.world.snowflake import iso

routes = web.RouteTableDef()

MAX_NICK = 32


@routes.get(API + "/guilds/{guild_id}")
async def get_guild(request: web.Request) -> web.Response:
    guild = guild_of(request)
    body = payloads.guild(hub_of(request).world, guild, caller_of(request).id)
    if request.query.get("with_counts", "").lower() in ("1", "true"):
        count = len(guild.members)
        body |= {"approximate_member_count": count, "approximate_presence_count": count}
    return reply(body)


@routes.get(API + "/guilds/{guild_id}/channels")
async def get_channels(request: web.Request) -> web.Response:
    """Return the channels, without threads."""
    guild, world, caller = guild_of(request), hub_of(request).world, caller_of(request)
    channels = [c for c in guild.channels.values() if not c.is_thread]
    return reply(
        [payloads.channel(c) for c in channels if not world.hides_channels or world.knows(caller.id, c)]
    )


@routes.get(API + "/guilds/{guild_id}/threads/active")
async def get_active_threads(request: web.Request) -> web.Response:
    guild, caller = guild_of(request), caller_of(request)
    world = hub_of(request).world
    threads = [thread for thread in guild.active_threads if world.permissions(caller.id, thread)]
    joined = [t for t in threads if t.thread and caller.id in t.thread.member_ids]
    return reply(
        {
            "threads": [payloads.channel(thread) for thread in threads],
            "members": [payloads.thread_member(thread, caller.id) for thread in joined],
        }
    )


@routes.get(API + "/guilds/{guild_id}/roles")
async def get_roles(request: web.Request) -> web.Response:
    return reply([payloads.role(role) for role in guild_of(request).roles.values()])


@routes.get(API + "/guilds/{guild_id}/members")
async def list_members(request: web.Request) -> web.Response:
    guild = guild_of(request)
    world = hub_of(request).world
    limit = integer(request, "limit", 1, 1, 1000)
    after = integer(request, "after", 0, 0, 1 << 63)
    ids = sorted(user_id for user_id in guild.members if user_id > after)[:limit]
    return reply([payloads.member(world, guild.members[user_id]) for user_id in ids])


@routes.get(API + "/guilds/{guild_id}/members/{user_id}")
async def get_member(request: web.Request) -> web.Response:
    member = member_of(request, guild_of(request))
    return reply(payloads.member(hub_of(request).world, member))


@routes.patch(API + "/guilds/{guild_id}/members/{user_id}")
async def edit_member(request: web.Request) -> web.Response:
    """Change a member's nickname, mute or deafen it, or move it in voice."""
    guild = guild_of(request)
    member = member_of(request, guild)
    hub, caller = hub_of(request), caller_of(request)
    body = await body_of(request)
    bits = hub.world.guild_permissions(caller.id, guild)
    own = request.match_info["user_id"] == "@me"  # by one's own id, it is refused (api-docs#4242)
    needed = {
        "nick": Permission.CHANGE_NICKNAME if own else Permission.MANAGE_NICKNAMES,
        "roles": Permission.MANAGE_ROLES,
        "communication_disabled_until": Permission.MODERATE_MEMBERS,
        "mute": Permission.MUTE_MEMBERS,
        "deaf": Permission.DEAFEN_MEMBERS,
        "channel_id": Permission.MOVE_MEMBERS,
    }
    require(bits, *(permission for name, permission in needed.items() if name in body))
    state = guild.voice_states.get(member.user_id)
    if state is None and {"mute", "deaf", "channel_id"} & body.keys():
        raise DiscordError(400, 40032, "Target user is not connected to voice.")
    if len(body.get("nick") or "") > MAX_NICK:
        raise errors.invalid_form(errors.too_long("nick", MAX_NICK))
    member.nick = body.get("nick", member.nick) or None
    if "communication_disabled_until" in body:
        member.timed_out_until = _time(body, "communication_disabled_until")
    if "roles" in body:
        roles = [found(guild.roles.get(int(i)), "Role").id for i in body["roles"] or []]
        with hub.threads.synced(guild):
            member.role_ids = roles
    if {"mute", "deaf"} & body.keys():
        hub.voice_states.moderate(guild.id, member.user_id, body.get("mute"), body.get("deaf"))
    hub.broadcast.member_update(guild, member.user_id)
    if "channel_id" in body:
        if body["channel_id"] is None:
            await hub.voice_states.disconnect(guild.id, member.user_id)
        elif int(body["channel_id"]) not in guild.channels:
            raise errors.unknown("Channel")
        else:
            hub.voice_states.move(guild.id, member.user_id, int(body["channel_id"]))
    return reply(payloads.member(hub.world, member))


def _time(body: Json, name: str) -> str | None:
    """Return a time of a JSON body, or null. Raises DiscordError if it is no ISO 8601."""
    try:
        return None if body[name] is None else iso(datetime.fromisoformat(body[name]).timestamp())
    except (TypeError, ValueError):
        message = f"Could not parse {body[name]}. Should be ISO8601."
        raise errors.invalid_form((name, "DATE_TIME_TYPE_PARSE", message)) from None


@routes.delete(API + "/guilds/{guild_id}/members/{user_id}")
async def kick(request: web.Request) -> web.Response:
    guild = guild_of(request)
    member = member_of(request, guild)
    hub = hub_of(request)
    require(hub.world.guild_permissions(caller_of(request).id, guild), Permission.KICK_MEMBERS)
    await hub.membership.remove(guild, member.user_id)
    return no_content()


@routes.get(API + "/guilds/{guild_id}/voice-states/{user_id}")
async def get_voice_state(request: web.Request) -> web.Response:
    guild = guild_of(request)
    return reply(payloads.voice_state(hub_of(request).world, _voice_state(request, guild)))


@routes.patch(API + "/guilds/{guild_id}/voice-states/{user_id}")
async def edit_voice_state(request: web.Request) -> web.Response:
    """Make a user of a stage channel a speaker, or part of the audience."""
    guild = guild_of(request)
    state = _voice_state(request, guild)
    hub, caller = hub_of(request), caller_of(request)
    body = await body_of(request)
    channel = guild.channels[state.channel_id or 0]
    if channel.type is not ChannelType.STAGE or str(body.get("channel_id", channel.id)) != str(channel.id):
        raise errors.wrong_channel_type()
    bits = hub.world.permissions(caller.id, channel)
    unsuppresses = body.get("suppress") is False and state.suppress
    if unsuppresses or state.user_id != caller.id:
        require(bits, Permission.MUTE_MEMBERS)
    asks = body.get("request_to_speak_timestamp")
    if asks is not None:
        require(bits, Permission.REQUEST_TO_SPEAK)
    state.suppress = bool(body.get("suppress", state.suppress))
    if "request_to_speak_timestamp" in body:
        state.request_to_speak_timestamp = asks
    hub.broadcast.voice_state(state, state.channel_id)
    return no_content()


def _voice_state(request: web.Request, guild: Guild) -> VoiceState:
    return found(guild.voice_states.get(snowflake(request, "user_id")), "Voice State")
