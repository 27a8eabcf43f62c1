"""Reasons why a command cannot work, found before it is tried: each says what to do about it."""

import discord

from notetaker.discordbot import replies
from notetaker.model.room import Room

VoiceChannel = discord.VoiceChannel | discord.StageChannel


def to_joining(channel: VoiceChannel, me: discord.Member) -> str | None:
    """The reason why the bot cannot join a voice channel, or None."""
    refused = _without_permission(channel, me)
    if refused is not None:
        return refused
    inside = channel.voice_states
    full = 0 < channel.user_limit <= len(inside) and me.id not in inside
    if full and not channel.permissions_for(me).move_members:
        return (
            f"<#{channel.id}> is full ({len(inside)} of {channel.user_limit}). "
            "Make room, raise its user limit, or give me the Move Members permission there, which lets me in anyway."
        )
    return None


def to_returning(guild: discord.Guild | None, channel_id: int) -> str | None:
    """The reason why the bot can never return to a voice channel; None also while Discord has an outage."""
    if guild is None:  # a guild with an outage would be here, and unavailable
        return replies.GUILD_GONE
    if guild.unavailable or guild.me is None:
        return None
    channel = guild.get_channel(channel_id)
    if not isinstance(channel, VoiceChannel):
        return replies.CHANNEL_GONE
    return _without_permission(channel, guild.me)


def to_posting(channel_id: int | None, permissions: discord.Permissions, *, in_thread: bool) -> str | None:
    """The reason why the bot cannot post notes in a text channel, where it has ``permissions``."""
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
            f"I can't post notes in <#{channel_id}>: I need the {missing} there. "
            "Someone who manages the server can grant that. Or use /startnotes in another channel."
        )
    return None


def to_live_text(channel: discord.TextChannel, me: discord.Member) -> str | None:
    """The reason why the bot cannot show live text in a thread of a text channel, or None."""
    missing = _missing(
        channel.permissions_for(me),
        create_public_threads="Create Public Threads",
        send_messages_in_threads=_SEND[True],
    )
    if missing:
        return f"I can't show live text, because I need the {missing} in <#{channel.id}> for its thread."
    return None


def to_recording(room: Room | None) -> str | None:
    """The reason why the people in a room may not be recorded: they could not be shown that they are."""
    if room is None or room.chat or room.seen or room.markable:
        return None
    return f"I don't record in secret, so I can't take notes. {replies.cannot_show(room.channel_id)}"


def to_posting_in_thread(
    thread: discord.Thread, permissions: discord.Permissions, *, admitted: bool
) -> str | None:
    """The reason why the bot cannot post in a thread although it may post in threads there, or None.

    ``admitted``: the bot is a member, or the thread is public. Discord docs, Threads: a locked thread takes messages
    from moderators only, and a private one from its members and from moderators.
    """
    if permissions.manage_threads or (admitted and not thread.locked):
        return None
    if thread.locked:
        why = "it is locked. Unlock it"
    else:
        why = "it is a private thread, and I'm not a member of it. Mention me there to add me"
    return f"I can't post notes in <#{thread.id}>: {why}, or use /startnotes in another channel."


_SEND = {False: "Send Messages", True: "Send Messages in Threads"}


def _without_permission(channel: VoiceChannel, me: discord.Member) -> str | None:
    missing = _missing(channel.permissions_for(me), view_channel="View Channel", connect="Connect")
    if not missing:
        return None
    return (
        f"I can't join <#{channel.id}>: I need the {missing} there. "
        "Someone who manages the server can grant that in the channel's settings, under Permissions."
    )


def _missing(permissions: discord.Permissions, **names: str) -> str:
    """``View Channel and Connect permissions``: what is not granted, for a sentence; empty if everything is."""
    lacking = [name for flag, name in names.items() if not getattr(permissions, flag)]
    if len(lacking) < 2:
        return f"{lacking[0]} permission" if lacking else ""
    return f"{', '.join(lacking[:-1])} and {lacking[-1]} permissions"
