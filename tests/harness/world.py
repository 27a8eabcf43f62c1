"""Builds guilds with channels in the local Discord, and finds things in them by name."""

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


def the_bot(world: World) -> User:
    return next(user for user in world.users.values() if user.bot)


def the_user(world: World, name: str) -> User:
    return next(user for user in world.users.values() if user.display_name == name)


def the_guild(world: World, name: str) -> Guild:
    return next(guild for guild in world.guilds.values() if guild.name == name)


def channel_id(guild: Guild, name: str) -> int:
    return next(channel.id for channel in guild.channels.values() if channel.name == name)
