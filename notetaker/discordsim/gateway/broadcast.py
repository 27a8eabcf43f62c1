"""Announces changes to the gateway sessions that may see them, and to the event log."""

from collections.abc import Callable

from notetaker.discordsim.gateway.server import Gateway
from notetaker.discordsim.gateway.session import Session
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Channel, Guild, Json, Message, Role, VoiceState
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
        data: Json = {"id": str(message.id), "channel_id": str(message.channel_id)}
        if message.visible_to is None:
            self._to_readers("MESSAGE_DELETE", self._channel_of(message), data)
        self._events.publish("message_delete", message_id=str(message.id), channel_id=str(message.channel_id))

    def _message(self, event: str, message: Message) -> None:
        """Announce a message. Nobody's gateway session sees an ephemeral one; the event log has it."""
        channel = self._channel_of(message)
        guild = None if channel.guild_id is None else self._world.guild_of(channel)
        if message.visible_to is None:
            data = payloads.message(self._world, message)
            author = guild.members.get(message.author_id) if guild else None
            if author is not None:
                data["member"] = payloads.member(self._world, author, with_user=False)
            self._to_readers(event, channel, data, message)
        self._events.publish(
            event.lower(),
            message_id=str(message.id),
            guild_id=payloads.text(message.guild_id),
            channel_id=str(channel.id),
            channel=channel.name,
            author_id=str(message.author_id),
            author=self._world.display_name(guild, message.author_id),
            content=message.content,
            embeds=message.embeds,
            components=message.components,
            attachments=[payloads.attachment(a) for a in message.attachments],
            flags=int(message.flags),
            mentions=[str(user_id) for user_id in message.mention_ids],
            visible_to=payloads.text(message.visible_to),
        )

    # Channels, members, voice

    def channel_update(self, channel: Channel) -> None:
        self._to_guild("CHANNEL_UPDATE", channel)

    def channel_delete(self, channel: Channel) -> None:
        self._to_guild("CHANNEL_DELETE", channel)
        self._events.publish("channel_delete", channel_id=str(channel.id), name=channel.name)

    def voice_channel_status(self, channel: Channel) -> None:
        guild_id = self._world.guild_of(channel).id
        data = {"id": str(channel.id), "guild_id": str(guild_id), "status": channel.status}
        self._gateway.dispatch(
            "VOICE_CHANNEL_STATUS_UPDATE", guild_id, data, audience=lambda user: self._sees(user, channel)
        )
        self._events.publish("voice_channel_status", channel_id=str(channel.id), status=channel.status)

    def typing(self, channel: Channel, user_id: int) -> None:
        data: Json = {
            "channel_id": str(channel.id),
            "user_id": str(user_id),
            "timestamp": int(self._world.clock()),
        }
        self._to_readers("TYPING_START", channel, data)

    def member_update(self, guild: Guild, user_id: int) -> None:
        self._member("GUILD_MEMBER_UPDATE", guild, user_id)

    def member_add(self, guild: Guild, user_id: int) -> None:
        self._member("GUILD_MEMBER_ADD", guild, user_id)

    def member_remove(self, guild: Guild, user_id: int) -> None:
        data = {"guild_id": str(guild.id), "user": payloads.user(self._world.users[user_id])}
        self._gateway.dispatch("GUILD_MEMBER_REMOVE", guild.id, data)
        self._events.publish("member_remove", guild_id=str(guild.id), user_id=str(user_id))

    def _member(self, event: str, guild: Guild, user_id: int) -> None:
        data = payloads.member(self._world, guild.members[user_id])
        self._gateway.dispatch(event, guild.id, {**data, "guild_id": str(guild.id)})

    def role(
        self, event: str, guild: Guild, role: Role, *, audience: Callable[[int], bool] = lambda user_id: True
    ) -> None:
        """Send GUILD_ROLE_CREATE or GUILD_ROLE_UPDATE."""
        data = {"guild_id": str(guild.id), "role": payloads.role(role)}
        self._gateway.dispatch(event, guild.id, data, audience=audience)

    def role_delete(self, guild: Guild, role: Role) -> None:
        data = {"guild_id": str(guild.id), "role_id": str(role.id)}
        self._gateway.dispatch("GUILD_ROLE_DELETE", guild.id, data)

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
        channel = self._world.channel(message.channel_id)
        assert channel is not None
        return channel

    def _to_readers(self, event: str, channel: Channel, data: Json, message: Message | None = None) -> None:
        """Send an event about a channel's messages. Not every application sees the content of ``message``."""
        if channel.guild_id is None:
            self._gateway.dispatch_direct(event, channel, data)
        else:
            guild = self._world.guild_of(channel)
            data = {**data, "guild_id": str(guild.id)}

            def shown(session: Session) -> Json:
                told = message is None or self._world.tells_content(session.user.id, message, session.intents)
                return data if told else payloads.without_content(data)

            self._gateway.dispatch(event, guild.id, shown, audience=lambda user: self._reads(user, channel))

    def _to_guild(self, event: str, channel: Channel) -> None:
        """Send a channel to those who see it, and to every bot: a bot knows of all channels (api-docs#8454)."""
        self._gateway.dispatch(
            event,
            self._world.guild_of(channel).id,
            lambda session: payloads.known_channel(self._world, channel, session.user.id),
            audience=lambda user: self._world.users[user].bot or self._sees(user, channel),
        )

    def _reads(self, user_id: int, channel: Channel) -> bool:
        """Return whether a user sees the messages of a channel, which for those of a voice channel needs Connect."""
        bits = self._world.permissions(user_id, channel)
        return bool(bits & Permission.VIEW_CHANNEL and (not channel.is_vocal or bits & Permission.CONNECT))

    def _sees(self, user_id: int, channel: Channel) -> bool:
        return bool(self._world.permissions(user_id, channel) & Permission.VIEW_CHANNEL)
