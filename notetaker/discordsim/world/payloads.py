"""What exists, as Discord's JSON objects.

Source: Discord docs, Resources and Events / Gateway Events. Snowflakes are strings, permission sets decimal strings.
"""

from notetaker.discordsim.world import permissions
from notetaker.discordsim.world.entities import (
    Application,
    Attachment,
    Channel,
    ChannelType,
    Command,
    Guild,
    Json,
    Member,
    Message,
    Role,
    User,
    VoiceState,
)
from notetaker.discordsim.world.permissions import Permission
from notetaker.discordsim.world.snowflake import timestamp
from notetaker.discordsim.world.world import World


def text(snowflake: int | None) -> str | None:
    return None if snowflake is None else str(snowflake)


def _null(*names: str) -> Json:
    """Return fields of things that do not exist here."""
    return dict.fromkeys(names)


def user(value: User) -> Json:
    return {
        "id": str(value.id),
        "username": value.username,
        "discriminator": "0000" if value.bot else "0",
        "global_name": value.global_name,
        **_null("avatar", "avatar_decoration_data", "banner", "accent_color"),
        "public_flags": 0,
        "bot": value.bot,
    }


def own_user(value: User) -> Json:
    return {
        **user(value),
        "flags": 0,
        "verified": True,
        "mfa_enabled": True,
        "locale": "en-US",
        "email": None,
        "bio": "",
    }


def application(world: World, value: Application) -> Json:
    return {
        "id": str(value.id),
        "name": value.name,
        **_null("icon", "team", "type", "interactions_endpoint_url"),
        "description": "",
        "rpc_origins": [],
        "bot_public": True,
        "bot_require_code_grant": False,
        "bot": user(world.users[value.id]),
        "owner": user(world.users[value.owner_id]),
        "summary": "",
        "verify_key": "00" * 32,
        "flags": 1 << 23,
        "hook": True,
        "approximate_guild_count": len(world.guilds_of(value.id)),
        "integration_types_config": {"0": {}},
    }


def command(value: Command) -> Json:
    payload: Json = {
        **_null("name_localizations", "description_localizations", "default_member_permissions", "contexts"),
        "description": "",
        "dm_permission": True,
        "integration_types": [0],
        "nsfw": False,
        "type": 1,
        **value.body,
        "options": _options(value.body),
        "id": str(value.id),
        "application_id": str(value.application_id),
        "version": str(value.version),
    }
    if value.guild_id is not None:
        payload["guild_id"] = str(value.guild_id)
    return payload


def _options(schema: Json) -> list[Json]:
    """Return the options without false or empty fields, which Discord leaves out."""
    options = []
    for option in schema.get("options") or []:
        given = {key: item for key, item in option.items() if item is not False and item not in (None, [])}
        if option.get("options"):
            given["options"] = _options(option)
        options.append(given)
    return options


def role(value: Role) -> Json:
    payload: Json = {
        "id": str(value.id),
        "name": value.name,
        **_null("description", "icon", "unicode_emoji"),
        "permissions": str(int(value.permissions)),
        "position": value.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": value.bot_id is not None,
        "mentionable": False,
        "flags": 0,
    }
    if value.bot_id is not None:
        payload["tags"] = {"bot_id": str(value.bot_id)}
    return payload


def member(world: World, value: Member, *, with_user: bool = True) -> Json:
    payload: Json = {
        "nick": value.nick,
        **_null("avatar", "banner", "premium_since"),
        "communication_disabled_until": value.timed_out_until,
        "roles": [str(role_id) for role_id in value.role_ids],
        "joined_at": value.joined_at,
        "pending": False,
        "flags": 0,
        "mute": value.mute,
        "deaf": value.deaf,
    }
    if with_user:
        payload["user"] = user(world.users[value.user_id])
    return payload


def channel(value: Channel) -> Json:
    if value.thread is not None:
        return _thread(value)
    payload: Json = {
        "id": str(value.id),
        "type": int(value.type),
        "guild_id": str(value.guild_id),
        "name": value.name,
        "position": value.position,
        "parent_id": text(value.parent_id),
        "topic": value.topic,
        "nsfw": False,
        "flags": 0,
        "rate_limit_per_user": 0,
        "last_message_id": text(max(value.messages, default=None)),
        "permission_overwrites": [
            {"id": str(o.id), "type": o.kind, "allow": str(int(o.allow)), "deny": str(int(o.deny))}
            for o in value.overwrites.values()
        ],
    }
    if value.is_vocal:
        payload |= {
            "bitrate": 64000,
            "user_limit": value.user_limit,
            "rtc_region": value.rtc_region,
            "video_quality_mode": 1,
        }
    return payload


def known_channel(world: World, value: Channel, viewer_id: int) -> Json:
    """Return a channel as the gateway sends it to a user, who may not be meant to learn its name."""
    if not world.hides_channels or world.knows(viewer_id, value):
        return channel(value)
    denial = {"id": str(value.guild_id), "type": 0, "allow": "0", "deny": str(int(Permission.VIEW_CHANNEL))}
    hidden: Json = {"name": "___hidden___", "flags": 1 << 17, "permission_overwrites": [denial]}
    return {**channel(value), "topic": None, "last_message_id": None, **hidden}


def dm(world: World, value: Channel, viewer_id: int) -> Json:
    """Return a DM as one of its two users sees it."""
    return {
        "id": str(value.id),
        "type": int(value.type),
        "flags": 0,
        "last_message_id": text(max(value.messages, default=None)),
        "recipients": [user(world.users[i]) for i in value.recipient_ids if i != viewer_id],
    }


def _thread(value: Channel) -> Json:
    assert value.thread is not None
    data = value.thread
    metadata: Json = {
        "archived": data.archived,
        "archive_timestamp": data.archive_timestamp or data.created_at,
        "auto_archive_duration": data.auto_archive_minutes,
        "locked": data.locked,
        "create_timestamp": data.created_at,
    }
    if value.type is ChannelType.PRIVATE_THREAD:
        metadata["invitable"] = data.invitable
    return {
        "id": str(value.id),
        "type": int(value.type),
        "guild_id": str(value.guild_id),
        "parent_id": text(value.parent_id),
        "owner_id": str(data.owner_id),
        "name": value.name,
        "last_message_id": text(max(value.messages, default=None)),
        "message_count": len(value.messages),
        "total_message_sent": len(value.messages),
        "member_count": min(len(data.member_ids), 50),
        "rate_limit_per_user": 0,
        "flags": 0,
        "thread_metadata": metadata,
    }


def thread(value: Channel, viewer_id: int) -> Json:
    """Return a thread as one user sees it: members also see that they are."""
    assert value.thread is not None
    if viewer_id not in value.thread.member_ids:
        return _thread(value)
    return {**_thread(value), "member": thread_member(value, viewer_id)}


def thread_member(value: Channel, user_id: int) -> Json:
    assert value.thread is not None
    return {
        "id": str(value.id),
        "user_id": str(user_id),
        "join_timestamp": value.thread.created_at,
        "flags": 1,
    }


def voice_state(world: World, value: VoiceState, *, with_member: bool = True) -> Json:
    """Return a voice state; those in GUILD_CREATE have no member and no guild id."""
    owner = world.guilds[value.guild_id].members[value.user_id]
    payload: Json = {
        "channel_id": text(value.channel_id),
        "user_id": str(value.user_id),
        "session_id": value.session_id,
        "deaf": owner.deaf,
        "mute": owner.mute,
        "self_deaf": value.self_deaf,
        "self_mute": value.self_mute,
        "self_video": False,
        "suppress": value.suppress,
        "request_to_speak_timestamp": value.request_to_speak_timestamp,
    }
    if with_member:
        payload |= {"guild_id": str(value.guild_id), "member": member(world, owner)}
    return payload


def guild(world: World, value: Guild, viewer_id: int) -> Json:
    """Return a guild as REST shows it."""
    return {
        "id": str(value.id),
        "name": value.name,
        **_null("icon", "splash", "discovery_splash", "banner", "description", "vanity_url_code"),
        **_null("afk_channel_id", "widget_channel_id", "system_channel_id", "rules_channel_id"),
        **_null("public_updates_channel_id", "safety_alerts_channel_id"),
        **_null("application_id", "max_presences", "incidents_data"),
        "owner_id": str(value.owner_id),
        "afk_timeout": 300,
        "widget_enabled": False,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": [role(r) for r in value.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "system_channel_flags": 0,
        "max_members": 500_000,
        "max_video_channel_users": 25,
        "premium_tier": value.premium_tier,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
        "permissions": str(permissions.compute(value, viewer_id)),
    }


def guild_create(world: World, value: Guild, viewer_id: int, *, voice_states: bool, everyone: bool) -> Json:
    """Return a guild as GUILD_CREATE shows it.

    Without the presence intent, ``members`` has only the viewer and those in voice (docs, Guild Create).
    """
    members = [m for m in value.members.values() if everyone or m.user_id in {viewer_id, *value.voice_states}]
    payload = guild(world, value, viewer_id)
    del payload["permissions"]
    return {
        **payload,
        "joined_at": value.members[viewer_id].joined_at,
        "large": False,
        "unavailable": False,
        "member_count": len(value.members),
        "members": [member(world, m) for m in members],
        "channels": [known_channel(world, c, viewer_id) for c in value.channels.values() if not c.is_thread],
        "threads": [thread(c, viewer_id) for c in value.active_threads if world.permissions(viewer_id, c)],
        "voice_states": [
            voice_state(world, state, with_member=False)
            for state in value.voice_states.values()
            if voice_states
        ],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment(value: Attachment) -> Json:
    payload: Json = {
        "id": str(value.id),
        "filename": value.filename,
        "size": len(value.data),
        "url": value.url,
        "proxy_url": value.url,
        "content_type": value.content_type,
    }
    if value.description is not None:
        payload["description"] = value.description
    return payload


def reference(place: Channel, message_id: int | None) -> Json:
    """Return a pointer to a message, or to a channel."""
    pointer: Json = {"type": 0, "channel_id": str(place.id)}
    if place.guild_id is not None:
        pointer["guild_id"] = str(place.guild_id)
    if message_id is not None:
        pointer["message_id"] = str(message_id)
    return pointer


def without_content(payload: Json) -> Json:
    """Return a message as an application without the Message Content intent sees it."""
    return {**payload, "content": "", "embeds": [], "attachments": [], "components": []}


def message(world: World, value: Message) -> Json:
    """Return a message as REST shows it; MESSAGE_CREATE adds guild id and member."""
    payload: Json = {
        "id": str(value.id),
        "channel_id": str(value.channel_id),
        "author": user(world.users[value.author_id]),
        "content": value.content,
        "timestamp": timestamp(value.id),
        "edited_timestamp": value.edited_at,
        "tts": False,
        "mention_everyone": value.mentions_everyone,
        "mentions": [user(world.users[i]) for i in value.mention_ids],
        "mention_roles": [str(i) for i in value.mention_role_ids],
        "attachments": [attachment(a) for a in value.attachments],
        "embeds": value.embeds,
        "components": value.components,
        "pinned": False,
        "type": int(value.type),
        "flags": int(value.flags),
    }
    if value.nonce is not None:
        payload["nonce"] = value.nonce
    if value.application_id is not None:
        payload["application_id"] = payload["webhook_id"] = str(value.application_id)
    if value.interaction is not None:
        payload["interaction_metadata"] = value.interaction
    if value.reference is not None:
        payload["message_reference"] = value.reference
    started = world.channel(value.thread_id) if value.thread_id is not None else None
    if started is not None:
        payload["thread"] = channel(started)
    return payload
