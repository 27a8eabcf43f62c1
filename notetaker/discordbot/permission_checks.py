"""What stands in the way of a command, found before it is tried: a sentence that says what to do about it."""

import discord

from notetaker.discordbot import replies

VoiceChannel = discord.VoiceChannel | discord.StageChannel


def to_joining(channel: VoiceChannel, me: discord.Member) -> str | None:
    """Why the bot cannot join a voice channel."""
    refused = _without_permission(channel, me)
    if refused is not None:
        return refused
    inside = channel.voice_states
    full = 0 < channel.user_limit <= len(inside) and me.id not in inside
    if full and not channel.permissions_for(me).move_members:
        return (
            f"<#{channel.id}> is full ({len(inside)} of {channel.user_limit}). "
            "Make room, raise its user limit, or give me Move Members there, which lets me in all the same."
        )
    return None


def to_returning(guild: discord.Guild | None, channel_id: int) -> str | None:
    """Why the bot can never go back into a voice channel; None also while Discord has not told about it."""
    if guild is None:  # not even as one that has an outage
        return replies.GUILD_GONE
    if guild.unavailable or guild.me is None:
        return None
    channel = guild.get_channel(channel_id)
    if not isinstance(channel, VoiceChannel):
        return replies.CHANNEL_GONE
    return _without_permission(channel, guild.me)


def to_posting(channel_id: int | None, permissions: discord.Permissions, *, in_thread: bool) -> str | None:
    """Why the bot cannot post notes in a text channel. ``permissions`` are its own in that channel."""
    send = {"send_messages_in_threads" if in_thread else "send_messages": _SEND[in_thread]}
    missing = _missing(
        permissions,
        view_channel="View Channel",
        **send,
        attach_files="Attach Files",
        read_message_history="Read Message History",
    )
    if missing:
        return (
            f"I could not post the notes in <#{channel_id}>: I lack the permission {missing} there. "
            "Someone who manages the server can grant it, or type /startnotes in another channel."
        )
    return None


_SEND = {False: "Send Messages", True: "Send Messages in Threads"}


def _without_permission(channel: VoiceChannel, me: discord.Member) -> str | None:
    missing = _missing(channel.permissions_for(me), view_channel="View Channel", connect="Connect")
    if not missing:
        return None
    return (
        f"I may not join <#{channel.id}>: I lack the permission {missing} there. "
        "Someone who manages the server can grant it in the channel's settings, under Permissions."
    )


def _missing(permissions: discord.Permissions, **names: str) -> str:
    """The names of what is not granted, joined for a sentence; empty when nothing is missing."""
    lacking = [name for flag, name in names.items() if not getattr(permissions, flag)]
    return " and ".join(filter(None, [", ".join(lacking[:-1]), lacking[-1] if lacking else ""]))
