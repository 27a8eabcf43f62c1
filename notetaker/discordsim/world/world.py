"""The state of the local Discord, and the rules that need nothing else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from random import Random, SystemRandom
from typing import Self

from notetaker.discordsim.world import permissions
from notetaker.discordsim.world.entities import (
    Application,
    Channel,
    ChannelType,
    Command,
    Guild,
    Json,
    Member,
    Message,
    Overwrite,
    Role,
    ThreadData,
    User,
    VoiceState,
)
from notetaker.discordsim.world.permissions import Permission
from notetaker.discordsim.world.snowflake import Snowflakes, iso, new_token

MESSAGE_CONTENT = 1 << 15
"""The intent to be told what people write."""
FOUNDED_S = 1_735_689_600.0
"""2025-01-01, when the world of seed 0 was founded; that of seed 1 was a minute later."""
FOUNDED_WITHIN_MIN = 365 * 24 * 60
"""Every world was founded within a year."""


class World:
    """All guilds, users and applications.

    ``clock`` returns Unix seconds; ``seed`` fixes the tokens, and the ids of everything made while ``founding``.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time, seed: int = 0) -> None:
        self.clock = clock
        self.seed = seed
        self.random = Random(seed)
        self.snowflakes = Snowflakes(clock)
        self.users: dict[int, User] = {}
        self.applications: dict[int, Application] = {}
        self.guilds: dict[int, Guild] = {}
        self.dms: dict[int, Channel] = {}
        self.hides_channels = False
        """Whether bots get channels that they cannot see without their names (api-docs#8454, from 2026-11-16)."""
        self.cdn_url = ""
        """Where attachments are served; set once the server listens."""

    @classmethod
    def demo(cls, *, clock: Callable[[], float] = time.time, seed: int | None = None) -> Self:
        """Two guilds with text, voice and stage channels, five people and one bot.

        The same ``seed`` gives the same ids and tokens. Without one, they are random: several of these worlds can be
        used on one host at the same time, and their bots are different accounts.
        """
        world = cls(clock=clock, seed=SystemRandom().randrange(1 << 32) if seed is None else seed)
        with world.founding():
            ada, ben, chloe, dan, eve = (
                world.add_user(name.lower(), name) for name in ("Ada", "Ben", "Chloe", "Dan", "Eve")
            )
            bot = world.add_bot("Notetaker", owner=ada)
            office = world.add_guild("Office", owner=ada)
            for person in (ben, chloe, dan, eve):
                world.add_member(office, person)
            world.add_member(office, bot)
            world.add_channel(office, ChannelType.TEXT, "general")
            world.add_channel(office, ChannelType.TEXT, "meeting-notes")
            world.add_channel(office, ChannelType.VOICE, "Standup")
            world.add_channel(office, ChannelType.VOICE, "Planning")
            world.add_channel(office, ChannelType.VOICE, "Phone booth", user_limit=1)
            board = world.add_channel(office, ChannelType.VOICE, "Board room")
            world.overwrite(board, office.id, deny=Permission.CONNECT)
            world.add_channel(office, ChannelType.STAGE, "All hands")
            club = world.add_guild("Book club", owner=eve)
            for person in (ada, dan):
                world.add_member(club, person)
            world.add_member(club, bot)
            world.add_channel(club, ChannelType.TEXT, "general")
            world.add_channel(club, ChannelType.VOICE, "Reading room")
        return world

    @contextmanager
    def founding(self) -> Iterator[None]:
        """Make the ids of everything created in this context depend on the seed alone, not on the clock."""
        clock, milliseconds = self.clock, count()
        founded_s = FOUNDED_S + self.seed % FOUNDED_WITHIN_MIN * 60
        self.clock = lambda: founded_s + next(milliseconds) / 1000
        self.snowflakes = Snowflakes(self.clock)
        yield
        self.clock, self.snowflakes = clock, Snowflakes(clock)

    # Who and what exists

    def add_user(self, username: str, global_name: str | None = None, *, bot: bool = False) -> User:
        user_id = self.snowflakes.next()
        user = User(user_id, username, global_name, new_token(user_id, self.random), bot)
        self.users[user.id] = user
        return user

    def add_bot(self, name: str, *, owner: User, privileged_intents: int = 0) -> User:
        bot = self.add_user(name, bot=True)
        self.applications[bot.id] = Application(bot.id, name, owner.id, privileged_intents)
        return bot

    def add_guild(self, name: str, *, owner: User) -> Guild:
        guild = Guild(self.snowflakes.next(), name, owner.id)
        guild.roles[guild.id] = Role(guild.id, "@everyone", int(permissions.EVERYONE))
        self.guilds[guild.id] = guild
        self.add_member(guild, owner)
        return guild

    def add_member(self, guild: Guild, user: User, *, granted: int = 0) -> Member:
        """Add a member. A bot gets a managed role with the permissions ``granted`` by its invitation."""
        member = Member(user.id, iso(self.clock()))
        guild.members[user.id] = member
        if user.bot:
            role = self.add_role(guild, user.username, granted)
            role.bot_id = user.id
            member.role_ids.append(role.id)
        return member

    def add_role(self, guild: Guild, name: str, bits: int) -> Role:
        role = Role(self.snowflakes.next(), name, int(bits), position=len(guild.roles))
        guild.roles[role.id] = role
        return role

    def add_channel(self, guild: Guild, kind: ChannelType, name: str, *, user_limit: int = 0) -> Channel:
        position = sum(not channel.is_thread for channel in guild.channels.values())
        channel = Channel(self.snowflakes.next(), kind, guild.id, name, position, user_limit=user_limit)
        guild.channels[channel.id] = channel
        return channel

    def overwrite(self, channel: Channel, target_id: int, *, allow: int = 0, deny: int = 0) -> None:
        kind = 0 if target_id in self.guild_of(channel).roles else 1
        channel.overwrites[target_id] = Overwrite(target_id, kind, int(allow), int(deny))

    def add_thread(
        self,
        parent: Channel,
        name: str,
        owner_id: int,
        *,
        kind: ChannelType,
        thread_id: int | None,
        minutes: int,
    ) -> Channel:
        """Add a thread. ``thread_id`` is the id of the message it starts from; None if there is none."""
        thread = Channel(
            thread_id or self.snowflakes.next(),
            kind,
            parent.guild_id,
            name,
            parent_id=parent.id,
            thread=ThreadData(owner_id, iso(self.clock()), minutes, member_ids=[owner_id]),
        )
        self.guild_of(parent).channels[thread.id] = thread
        return thread

    def dm_between(self, one_id: int, other_id: int) -> Channel:
        """Return the DM of two users, which is always the same."""
        for dm in self.dms.values():
            if set(dm.recipient_ids) == {one_id, other_id}:
                return dm
        dm = Channel(self.snowflakes.next(), ChannelType.DM, None, "", recipient_ids=(one_id, other_id))
        self.dms[dm.id] = dm
        return dm

    def remove_channel(self, channel: Channel) -> None:
        """Remove a channel and its threads."""
        channels = self.guild_of(channel).channels
        for gone in [
            c for c in channels.values() if channel.id in (c.id, c.parent_id if c.is_thread else None)
        ]:
            del channels[gone.id]

    def remove_member(self, guild: Guild, user_id: int) -> list[Role]:
        """Remove a member, also from threads, and return the roles that go with it: a bot's managed one."""
        member = guild.members.pop(user_id)
        for channel in guild.channels.values():
            if channel.thread is not None and user_id in channel.thread.member_ids:
                channel.thread.member_ids.remove(user_id)
        return [guild.roles.pop(i) for i in member.role_ids if guild.roles[i].bot_id == user_id]

    # Looking things up

    def user_of_token(self, token: str) -> User | None:
        return next((user for user in self.users.values() if user.token == token), None)

    def channel(self, channel_id: int) -> Channel | None:
        for guild in self.guilds.values():
            if channel_id in guild.channels:
                return guild.channels[channel_id]
        return self.dms.get(channel_id)

    def guild_of(self, channel: Channel) -> Guild:
        """Return the guild of a channel that is no DM."""
        assert channel.guild_id is not None
        return self.guilds[channel.guild_id]

    def guilds_of(self, user_id: int) -> list[Guild]:
        return [guild for guild in self.guilds.values() if user_id in guild.members]

    def display_name(self, guild: Guild | None, user_id: int) -> str:
        """Return how a user is shown in a guild; None: in a DM."""
        member = guild.members.get(user_id) if guild else None
        return (member.nick if member else None) or self.users[user_id].display_name

    def permissions(self, user_id: int, channel: Channel) -> Permission:
        """Return a user's permissions in a channel; none if they are not a member."""
        if channel.guild_id is None:
            return permissions.DIRECT if user_id in channel.recipient_ids else Permission(0)
        guild = self.guild_of(channel)
        if user_id not in guild.members:
            return Permission(0)
        bits = Permission(permissions.compute(guild, user_id, channel))
        if bits != permissions.ALL and self.in_timeout(guild, user_id):
            bits &= permissions.IN_TIMEOUT
        private = channel.thread if channel.type is ChannelType.PRIVATE_THREAD else None
        sees = private is None or user_id in private.member_ids or bits & Permission.MANAGE_THREADS
        return bits if sees else Permission(0)

    def in_timeout(self, guild: Guild, user_id: int) -> bool:
        return (guild.members[user_id].timed_out_until or "") > iso(self.clock())

    def knows(self, user_id: int, channel: Channel) -> bool:
        """Return whether a user sees a channel, or is connected to it (api-docs#8454)."""
        state = self.guild_of(channel).voice_states.get(user_id)
        connected = state is not None and state.channel_id == channel.id
        return connected or bool(self.permissions(user_id, channel) & Permission.VIEW_CHANNEL)

    def tells_content(self, user_id: int, message: Message, intents: int) -> bool:
        """Return whether a user learns what a message says, an application with these intents."""
        if user_id not in self.applications or message.guild_id is None:
            return True
        concerned = user_id == message.author_id or user_id in message.mention_ids
        return concerned or bool(intents & MESSAGE_CONTENT)

    def guild_permissions(self, user_id: int, guild: Guild) -> Permission:
        return Permission(permissions.compute(guild, user_id))

    def commands_in(self, guild_id: int) -> list[Command]:
        """Return the commands that members of a guild see: its own before the global ones."""
        commands = [
            command
            for application in self.applications.values()
            if application.id in self.guilds[guild_id].members
            for command in application.commands.values()
            if command.guild_id in (guild_id, None)
        ]
        return sorted(commands, key=lambda command: command.guild_id is None)

    # Voice

    def may_connect(self, user_id: int, channel: Channel) -> bool:
        """Return whether a member may join. Discord does not say when it refuses (docs, Voice Connections)."""
        bits = self.permissions(user_id, channel)
        if not channel.is_vocal or not bits & Permission.VIEW_CHANNEL or not bits & Permission.CONNECT:
            return False
        others = [s for s in self.guild_of(channel).in_channel(channel.id) if s.user_id != user_id]
        full = 0 < channel.user_limit <= len(others)
        return not full or bool(bits & Permission.MOVE_MEMBERS)

    def enter_voice(self, state: VoiceState) -> None:
        """Put a user into a voice channel; in a stage channel into the audience, unless it may speak."""
        guild = self.guilds[state.guild_id]
        assert state.channel_id is not None
        before = guild.voice_states.get(state.user_id)
        channel = guild.channels[state.channel_id]
        if channel.type is ChannelType.STAGE:
            if before is not None and before.channel_id == state.channel_id:
                state.suppress = before.suppress
            else:
                state.suppress = not self.permissions(state.user_id, channel) & Permission.MUTE_MEMBERS
        guild.voice_states[state.user_id] = state

    # Messages

    def add_message(self, message: Message) -> None:
        channel = self.channel(message.channel_id)
        assert channel is not None
        channel.messages[message.id] = message

    def register(self, application_id: int, guild_id: int | None, body: Json) -> tuple[Command, bool]:
        """Create a command, or replace the one of the same name, type and guild. Return it, and True if it is new."""
        commands = self.applications[application_id].commands
        kind = body.get("type", 1)
        for old in commands.values():
            if (old.name, old.body.get("type", 1), old.guild_id) == (body["name"], kind, guild_id):
                old.body, old.version = body, self.snowflakes.next()
                return old, False
        command = Command(self.snowflakes.next(), application_id, guild_id, self.snowflakes.next(), body)
        commands[command.id] = command
        return command, True
