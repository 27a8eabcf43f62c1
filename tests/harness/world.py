"""Builds guilds with channels in the local Discord."""

from collections.abc import Iterable

from notetaker.discordsim.world.entities import ChannelType, Guild, User
from notetaker.discordsim.world.world import World


def add_guild(world: World, name: str, owner: User, members: Iterable[User], *voice_channels: str) -> Guild:
    """Add a guild with the text channel "general" and these voice channels."""
    guild = world.add_guild(name, owner=owner)
    for member in members:
        world.add_member(guild, member)
    world.add_channel(guild, ChannelType.TEXT, "general")
    for channel in voice_channels:
        world.add_channel(guild, ChannelType.VOICE, channel)
    return guild


def channel_id(guild: Guild, name: str) -> int:
    return next(channel.id for channel in guild.channels.values() if channel.name == name)
