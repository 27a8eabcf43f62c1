"""Who may do what to a meeting."""

import discord

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Meetings, Refused
from notetaker.model.meeting import Meeting


def refuse_outsider(meetings: Meetings, interaction: discord.Interaction, meeting: Meeting) -> None:
    """Raise Refused if a meeting is none of their business: not in its voice channel, nor started by them.

    Those who manage the server may do everything.
    """
    user = interaction.user
    room = meetings.channel(meeting.guild_id) or meeting.voice_channel_id
    voice = user.voice if isinstance(user, discord.Member) else None
    inside = voice is not None and voice.channel is not None and voice.channel.id == room
    started = user is not None and user.id == meeting.started_by
    if not (inside or started or interaction.permissions.manage_guild):
        raise Refused(replies.not_in_the_room(meeting))
