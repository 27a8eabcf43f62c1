"""The mark of a recording, for rooms in which the bot may not write: a nickname, or the voice channel's status.

Discord docs, Guild, Modify Current Member, and Channel, Set Voice Channel Status.
"""

import discord

from notetaker.discordbot.permission_checks import VoiceChannel
from notetaker.discordbot.publish import Undelivered, delivering

PREFIX = "🔴 "
"""Before the bot's name while it records."""
STATUS = "🔴 Notes are being taken: everyone here is recorded"
NICKNAME_MAX = 32
"""Characters. Discord docs, User, Usernames and Nicknames."""


def markable(channel: VoiceChannel, me: discord.Member) -> bool:
    """Return whether the bot may mark itself, or the voice channel."""
    return _may_rename(me) or _may_set_status(channel, me)


def is_marked(channel: VoiceChannel, me: discord.Member) -> bool:
    """Return whether the bot, or the voice channel, bears the mark."""
    return _bears_mark(me) or _has_status(channel)


async def mark(guild: discord.Guild | None, channel_id: int) -> None:
    """Raises Undelivered."""
    channel = guild.get_channel(channel_id) if guild is not None else None
    if guild is None or guild.me is None or not isinstance(channel, VoiceChannel):
        raise Undelivered("the voice channel is not there")
    me = guild.me
    with delivering():
        if is_marked(channel, me):
            return
        if _may_rename(me):
            await me.edit(nick=(PREFIX + me.display_name)[:NICKNAME_MAX])
        elif isinstance(channel, discord.VoiceChannel):
            await channel.set_status(STATUS)


async def unmark(guild: discord.Guild | None, channel_id: int) -> None:
    """Undo ``mark``, also that of an earlier life of the bot. Raises Undelivered."""
    if guild is None or guild.me is None:
        return
    me, channel = guild.me, guild.get_channel(channel_id)
    with delivering():
        if _bears_mark(me):
            name = me.display_name.removeprefix(PREFIX)
            await me.edit(nick=None if me.name.startswith(name) else name)
        if isinstance(channel, discord.VoiceChannel) and _has_status(channel):
            await channel.set_status(None)


def _bears_mark(me: discord.Member) -> bool:
    return me.display_name.startswith(PREFIX)


def _has_status(channel: object) -> bool:
    return isinstance(channel, discord.VoiceChannel) and channel.status == STATUS


def _may_rename(me: discord.Member) -> bool:
    return me.guild_permissions.change_nickname


def _may_set_status(channel: VoiceChannel, me: discord.Member) -> bool:
    """Stage channels have no status."""
    return isinstance(channel, discord.VoiceChannel) and channel.permissions_for(me).set_voice_channel_status
