"""Announces changes to the gateway sessions that may see them, and to the event log."""

from collections.abc import Callable

from notetaker.discordsim.gateway.server import Gateway
from notetaker.discordsim.gateway.session import Session
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Channel, Guild, Json, Message, VoiceState
from notetaker.discordsim.world.events import EventLog
from notetaker.discordsim.world.permissions import Permission
from notetaker.discordsim.world.world import World


class Broadcast:
    def __init__(self, world: World, gateway: Gateway, events: EventLog) -> None:
        self._world = world
        self._gateway = gateway
        self._events = events

    # Messages

    def message_create(self, message: Message) -> None:
        self._message("MESSAGE_CREATE", message)

    def message_update(self, message: Message) -> None:
        self._message("MESSAGE_UPDATE", message)

    def message_delete(self, message: Message) -> None:
        data: Json = {
            "id": str(message.id),
            "channel_id": str(message.channel_id),
            "guild_id": str(message.guild_id),
        }
        if message.visible_to is None:
            self._to_viewers("MESSAGE_DELETE", self._channel_of(message), data)
        self._events.publish("message_delete", message_id=str(message.id), channel_id=str(message.channel_id))

    def _message(self, event: str, message: Message) -> None:
        """Announce a message. Nobody's gateway session sees an ephemeral one; the event log has it."""
        guild = self._world.guilds[message.guild_id]
        channel = self._channel_of(message)
        if message.visible_to is None:
            data = {**payloads.message(self._world, message), "guild_id": str(guild.id)}
            author = guild.members.get(message.author_id)
            if author is not None:
                data["member"] = payloads.member(self._world, author, with_user=False)
            self._to_viewers(event, channel, data)
        self._events.publish(
            event.lower(),
            message_id=str(message.id),
            guild_id=str(guild.id),
            channel_id=str(channel.id),
            channel=channel.name,
            author_id=str(message.author_id),
            author=self._world.display_name(guild, message.author_id),
            content=message.content,
            embeds=message.embeds,
            attachments=[payloads.attachment(a) for a in message.attachments],
            flags=int(message.flags),
            visible_to=payloads.text(message.visible_to),
        )

    # Channels, members, voice

    def channel_update(self, channel: Channel) -> None:
        event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
        self._to_viewers(event, channel, payloads.channel(channel))

    def channel_delete(self, channel: Channel) -> None:
        self._to_viewers("CHANNEL_DELETE", channel, payloads.channel(channel))
        self._events.publish("channel_delete", channel_id=str(channel.id), name=channel.name)

    def thread_create(self, thread: Channel) -> None:
        data = {**payloads.channel(thread), "newly_created": True}
        self._to_viewers("THREAD_CREATE", thread, data)
        self._events.publish(
            "thread_create",
            channel_id=str(thread.id),
            parent_id=payloads.text(thread.parent_id),
            name=thread.name,
        )

    def typing(self, channel: Channel, user_id: int) -> None:
        data: Json = {
            "channel_id": str(channel.id),
            "guild_id": str(channel.guild_id),
            "user_id": str(user_id),
            "timestamp": int(self._world.clock()),
        }
        self._to_viewers("TYPING_START", channel, data)

    def member_update(self, guild: Guild, user_id: int) -> None:
        data = payloads.member(self._world, guild.members[user_id])
        self._gateway.dispatch("GUILD_MEMBER_UPDATE", guild.id, {**data, "guild_id": str(guild.id)})

    def voice_state(
        self,
        state: VoiceState,
        previous_channel_id: int | None,
        *,
        audience: Callable[[int], bool] = lambda user_id: True,
    ) -> None:
        """Send a voice state to the whole guild, including those who cannot see the channel."""
        guild = self._world.guilds[state.guild_id]
        data = payloads.voice_state(self._world, state)
        self._gateway.dispatch("VOICE_STATE_UPDATE", guild.id, data, audience=audience)
        channel = guild.channels.get(state.channel_id or 0)
        self._events.publish(
            "voice_state",
            guild_id=str(guild.id),
            user_id=str(state.user_id),
            name=self._world.display_name(guild, state.user_id),
            bot=self._world.users[state.user_id].bot,
            channel_id=payloads.text(state.channel_id),
            channel=channel.name if channel else None,
            previous_channel_id=payloads.text(previous_channel_id),
            self_mute=state.self_mute,
            self_deaf=state.self_deaf,
        )

    def voice_server(self, session: Session, guild_id: int, token: str, endpoint: str | None) -> None:
        """Send a voice server to the one session that joined (JDA PR #1302)."""
        data: Json = {"token": token, "guild_id": str(guild_id), "endpoint": endpoint}
        session.dispatch("VOICE_SERVER_UPDATE", data)

    def _channel_of(self, message: Message) -> Channel:
        return self._world.guilds[message.guild_id].channels[message.channel_id]

    def _to_viewers(self, event: str, channel: Channel, data: Json) -> None:
        def may_see(user_id: int) -> bool:
            return bool(self._world.permissions(user_id, channel) & Permission.VIEW_CHANNEL)

        self._gateway.dispatch(event, channel.guild_id, data, audience=may_see)
