"""Whom a message pings.

Source: Discord docs, Resources / Message (Allowed Mentions Object).
"""

import re
from collections.abc import Iterator

from notetaker.discordsim.errors import InvalidField, too_long
from notetaker.discordsim.world.entities import Json, Message
from notetaker.discordsim.world.permissions import Permission
from notetaker.discordsim.world.world import World

USER, ROLE, EVERYONE = (
    re.compile(r"<@!?(\d+)>"),
    re.compile(r"<@&(\d+)>"),
    re.compile(r"@(?:everyone|here)\b"),
)
KINDS = ("users", "roles", "everyone")
MAX_LISTED = 100


def check(allowed: Json) -> Iterator[InvalidField]:
    """Yield what is invalid in the ``allowed_mentions`` of a message."""
    for kind in allowed.get("parse") or []:
        if kind not in KINDS:
            message = "Value must be one of ('users', 'everyone', 'roles')."
            yield "allowed_mentions.parse", "BASE_TYPE_CHOICES", message
        elif allowed.get(kind):
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            yield "allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message
    for kind in ("users", "roles"):
        if len(allowed.get(kind) or []) > MAX_LISTED:
            yield too_long(f"allowed_mentions.{kind}", MAX_LISTED)


def ping(world: World, message: Message, allowed: Json | None) -> None:
    """Set whom a message pings. Without ``allowed``, an answer to an interaction pings users, others everybody.

    Roles here are not mentionable: like @everyone, they are pinged by who has the permission.
    """
    if allowed is None:
        allowed = {"parse": ["users"] if message.interaction is not None else KINDS, "replied_user": True}
    channel = world.channel(message.channel_id)
    assert channel is not None
    may_ping_all = bool(world.permissions(message.author_id, channel) & Permission.MENTION_EVERYONE)
    users = _named(USER, "users", message, allowed)
    roles = _named(ROLE, "roles", message, allowed) if may_ping_all else []
    if message.replied_to is not None and allowed.get("replied_user"):
        users.append(message.replied_to)
    message.mention_ids = [i for i in dict.fromkeys(users) if i in world.users]
    known = world.guild_of(channel).roles if channel.guild_id is not None else {}
    message.mention_role_ids = [i for i in dict.fromkeys(roles) if i in known]
    everyone = "everyone" in (allowed.get("parse") or [])
    message.mentions_everyone = may_ping_all and everyone and bool(EVERYONE.search(message.content))


def _named(mention: re.Pattern[str], kind: str, message: Message, allowed: Json) -> list[int]:
    """Return the ids named in a message that may be pinged."""
    named = [int(i) for i in mention.findall(message.content)]
    if kind in (allowed.get("parse") or []):
        return named
    listed = {int(i) for i in allowed.get(kind) or []}
    return [i for i in named if i in listed]
