"""Threads: who is in which, and who hears of them.

Source: Discord docs, Topics / Threads (Thread Membership, Details about Thread Access and Syncing).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from notetaker.discordsim.gateway.protocol import Intent
from notetaker.discordsim.gateway.server import Gateway
from notetaker.discordsim.gateway.session import Session
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Channel, Guild, Json
from notetaker.discordsim.world.events import EventLog
from notetaker.discordsim.world.permissions import Permission
from notetaker.discordsim.world.snowflake import iso
from notetaker.discordsim.world.world import World


class Threads:
    def __init__(self, world: World, gateway: Gateway, events: EventLog) -> None:
        self._world = world
        self._gateway = gateway
        self._events = events

    def created(self, thread: Channel) -> None:
        self._to_viewers("THREAD_CREATE", thread, {"newly_created": True})
        self._events.publish(
            "thread_create",
            channel_id=str(thread.id),
            parent_id=payloads.text(thread.parent_id),
            name=thread.name,
        )

    def add(self, thread: Channel, user_id: int) -> None:
        """Add a member, who is sent the thread, too: nothing says that they saw it before (api-docs#3405)."""
        assert thread.thread is not None
        if user_id in thread.thread.member_ids:
            return
        thread.thread.member_ids.append(user_id)
        guild = self._world.guild_of(thread)
        member = payloads.member(self._world, guild.members[user_id])
        entry = {**payloads.thread_member(thread, user_id), "member": member, "presence": None}
        self._membership(thread, user_id, {"added_members": [entry]})
        for session in self._gateway.of_user(user_id, guild.id):
            if session.wants("THREAD_CREATE"):
                session.dispatch("THREAD_CREATE", payloads.thread(thread, user_id))

    def remove(self, thread: Channel, user_id: int) -> None:
        assert thread.thread is not None
        thread.thread.member_ids.remove(user_id)
        self._membership(thread, user_id, {"removed_member_ids": [str(user_id)]})

    def updated(self, thread: Channel, *, was_archived: bool) -> None:
        """Announce a changed thread; after unarchiving, its members get their own membership, too."""
        assert thread.thread is not None
        revived = was_archived and not thread.thread.archived
        if thread.thread.archived != was_archived:
            thread.thread.archive_timestamp = iso(self._world.clock())
        self._to_viewers("THREAD_UPDATE", thread, {})
        for user_id in thread.thread.member_ids if revived else ():
            for session in self._gateway.of_user(user_id, thread.guild_id):
                own = payloads.thread_member(thread, user_id) | {"guild_id": str(thread.guild_id)}
                session.dispatch("THREAD_MEMBER_UPDATE", own)

    def unarchive(self, thread: Channel) -> None:
        assert thread.thread is not None
        if thread.thread.archived:
            thread.thread.archived = False
            self.updated(thread, was_archived=True)

    def delete(self, thread: Channel) -> None:
        guild = self._world.guild_of(thread)
        data: Json = {
            "id": str(thread.id),
            "guild_id": str(guild.id),
            "parent_id": payloads.text(thread.parent_id),
            "type": int(thread.type),
        }
        self._gateway.dispatch(
            "THREAD_DELETE", guild.id, data, audience=lambda user: self._sees(user, thread)
        )
        del guild.channels[thread.id]

    @contextmanager
    def synced(self, guild: Guild) -> Iterator[None]:
        """Announce to users which channels and threads they see after this context, which changes permissions.

        Who loses sight of a channel hears nothing about its threads (docs, Losing Access to Channels).
        """
        users = {session.user.id for session in self._gateway.sessions.values()} & guild.members.keys()
        before = {user_id: self._visible(guild, user_id) for user_id in users}
        yield
        for user_id in users & guild.members.keys():
            after = self._visible(guild, user_id)
            for channel_id in before[user_id] ^ after if self._world.hides_channels else ():
                self._reveal(user_id, guild.channels[channel_id])
            self._sync(guild, user_id, after - before[user_id])

    def _reveal(self, user_id: int, channel: Channel) -> None:
        """Send a channel with its name to a bot that has come to see it, or without to one that no longer does."""
        for session in self._gateway.of_user(user_id, channel.guild_id):
            if session.wants("CHANNEL_UPDATE"):
                session.dispatch("CHANNEL_UPDATE", payloads.known_channel(self._world, channel, user_id))

    def _sync(self, guild: Guild, user_id: int, channel_ids: set[int]) -> None:
        threads = [
            thread
            for thread in guild.active_threads
            if thread.parent_id in channel_ids and self._sees(user_id, thread)
        ]
        if not threads:
            return
        joined = [thread for thread in threads if thread.thread and user_id in thread.thread.member_ids]
        data: Json = {
            "guild_id": str(guild.id),
            "channel_ids": [str(i) for i in sorted(channel_ids)],
            "threads": [payloads.channel(thread) for thread in threads],
            "members": [payloads.thread_member(thread, user_id) for thread in joined],
        }
        for session in self._gateway.of_user(user_id, guild.id):
            if session.wants("THREAD_LIST_SYNC"):
                session.dispatch("THREAD_LIST_SYNC", data)

    def _membership(self, thread: Channel, user_id: int, change: Json) -> None:
        """Send THREAD_MEMBERS_UPDATE to the user; to others it needs the members intent."""
        assert thread.thread is not None
        guild = self._world.guild_of(thread)
        data = {
            "id": str(thread.id),
            "guild_id": str(guild.id),
            "member_count": len(thread.thread.member_ids),
            **change,
        }
        for session in list(self._gateway.sessions.values()):
            concerned = session.user.id == user_id
            other = session.intents & Intent.GUILD_MEMBERS and self._sees(session.user.id, thread)
            if session.serves(guild.id) and session.wants("THREAD_MEMBERS_UPDATE") and (concerned or other):
                session.dispatch("THREAD_MEMBERS_UPDATE", data)

    def _to_viewers(self, event: str, thread: Channel, more: Json) -> None:
        def seen(session: Session) -> Json:
            return {**payloads.thread(thread, session.user.id), **more}

        guild = self._world.guild_of(thread)
        self._gateway.dispatch(event, guild.id, seen, audience=lambda user: self._sees(user, thread))

    def _visible(self, guild: Guild, user_id: int) -> set[int]:
        channels = (channel for channel in guild.channels.values() if not channel.is_thread)
        return {channel.id for channel in channels if self._sees(user_id, channel)}

    def _sees(self, user_id: int, channel: Channel) -> bool:
        return bool(self._world.permissions(user_id, channel) & Permission.VIEW_CHANNEL)
