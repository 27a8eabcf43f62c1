"""Permission bits, and how Discord computes them.

Source: Discord docs, Topics / Permissions (bit table, and pseudocode of "Permission Hierarchy").
"""

from enum import IntFlag

from notetaker.discordsim.world.entities import Channel, Guild, Overwrite


class Permission(IntFlag):
    """The bits that this local Discord checks. It passes the others on."""

    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    USE_VAD = 1 << 25
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    REQUEST_TO_SPEAK = 1 << 32
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40
    SET_VOICE_CHANNEL_STATUS = 1 << 48


ALL = (1 << 53) - 1
"""Every bit that exists today, undocumented ones included: what an administrator has."""

IN_TIMEOUT = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY
"""What is left to a member in timeout."""

DIRECT = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
)
"""What both users of a DM may do there."""

EVERYONE = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.CONNECT
    | Permission.SPEAK
    | Permission.USE_VAD
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.REQUEST_TO_SPEAK
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.SET_VOICE_CHANNEL_STATUS
)
"""Permissions of @everyone in a new guild here."""


def compute(guild: Guild, user_id: int, channel: Channel | None = None) -> int:
    """Return a member's permission bits in the guild, or in one channel of it. A thread has its parent's.

    Raises KeyError if the user is not a member.
    """
    member = guild.members[user_id]
    if user_id == guild.owner_id:
        return ALL
    role_ids = [guild.id, *member.role_ids]
    bits = 0
    for role_id in role_ids:
        bits |= guild.roles[role_id].permissions
    if bits & Permission.ADMINISTRATOR:
        return ALL
    if channel is None:
        return bits
    if channel.is_thread and channel.parent_id is not None:
        channel = guild.channels[channel.parent_id]
    for level in ([guild.id], member.role_ids, [user_id]):
        bits = _overwritten(bits, [channel.overwrites[i] for i in level if i in channel.overwrites])
    return bits if bits & Permission.VIEW_CHANNEL else 0


def _overwritten(bits: int, overwrites: list[Overwrite]) -> int:
    """Apply the overwrites of one level: all denials first, then all grants."""
    for overwrite in overwrites:
        bits &= ~overwrite.deny
    for overwrite in overwrites:
        bits |= overwrite.allow
    return bits
