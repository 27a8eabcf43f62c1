"""Voice channels as py-cord's cache has them: who is in one, and what the bot may do there."""

import discord

from notetaker.discordbot import marks, permission_checks, replies
from notetaker.discordbot.permission_checks import VoiceChannel
from notetaker.model.room import Room


def room(guild: discord.Guild | None, channel_id: int, text_channel_id: int) -> Room | None:
    """Return a voice channel as it is now, for notes that go to a text channel; None while Discord has an outage.

    ``guild`` is None if the bot is not in the server.
    """
    if guild is None:
        return Room(channel_id, failure=replies.GUILD_GONE, gone=True)
    if guild.unavailable or guild.me is None:
        return None
    channel = guild.get_channel(channel_id)
    if not isinstance(channel, VoiceChannel):
        return Room(channel_id, failure=replies.CHANNEL_GONE, gone=True)
    members = {user_id: guild.get_member(user_id) for user_id in channel.voice_states}
    members.pop(guild.me.id, None)
    bots = frozenset(user_id for user_id, member in members.items() if member is not None and member.bot)
    people = members.keys() - bots
    permissions = channel.permissions_for(guild.me)
    failure = permission_checks.to_returning(guild, channel_id)
    chat = failure is None and permissions.send_messages and not guild.me.timed_out
    text_channel = guild.get_channel_or_thread(text_channel_id)
    return Room(
        channel_id,
        channel.name if permissions.view_channel else "",
        frozenset(people),
        bots,
        chat=chat,
        seen=not chat and all(_sees(text_channel, members[user_id]) for user_id in people),
        markable=marks.markable(channel, guild.me),
        marked=marks.is_marked(channel, guild.me),
        failure=failure,
    )


def _sees(channel: object, member: discord.Member | None) -> bool:
    """Who is in a private thread is not known: its members are asked for, not sent."""
    if member is None or (isinstance(channel, discord.Thread) and channel.is_private()):
        return False
    if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        return False
    if isinstance(channel, discord.Thread) and channel.parent is None:  # deleted, and the thread with it
        return False
    return bool(channel.permissions_for(member).view_channel)
