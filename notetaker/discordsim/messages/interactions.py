"""Interactions: a person uses a command or a component, and the application answers.

Source: Discord docs, Interactions / Receiving and Responding.
"""

from collections.abc import Iterator

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError, InvalidField
from notetaker.discordsim.gateway.broadcast import Broadcast
from notetaker.discordsim.gateway.server import Gateway
from notetaker.discordsim.gateway.session import Session
from notetaker.discordsim.messages import command_schema, component_schema, drafts
from notetaker.discordsim.messages.command_usage import focused
from notetaker.discordsim.messages.drafts import Draft
from notetaker.discordsim.messages.interaction import Callback, Interaction, Kind
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Channel, Json, Message, MessageFlag, MessageType
from notetaker.discordsim.world.events import EventLog
from notetaker.discordsim.world.permissions import Permission
from notetaker.discordsim.world.snowflake import iso
from notetaker.discordsim.world.world import World

SETTABLE = MessageFlag.EPHEMERAL | MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS
ANSWER_S = 3.0
"""How long an application may take for its first answer."""
TOKEN_S = 15 * 60.0
"""How long it may send further answers."""


class Interactions:
    def __init__(self, world: World, gateway: Gateway, broadcast: Broadcast, events: EventLog) -> None:
        self._world = world
        self._gateway = gateway
        self._broadcast = broadcast
        self._events = events
        self._by_id: dict[int, Interaction] = {}

    # The person's side

    async def start(
        self,
        kind: Kind,
        application_id: int,
        user_id: int,
        channel: Channel,
        data: Json,
        source: Message | None = None,
    ) -> Interaction:
        """Send an interaction to the application, and wait until it is answered or fails."""
        interaction = Interaction(
            self._world.snowflakes.next(),
            f"{self._world.random.getrandbits(512):0128x}",
            kind,
            application_id,
            user_id,
            channel,
            data,
            self._world.clock(),
            source,
            original=source,
        )
        self._by_id[interaction.id] = interaction
        sessions = self._sessions(application_id, channel)
        self._publish(interaction, interaction.event, kind=kind.name.lower(), name=interaction.name)
        for session in sessions:
            session.dispatch("INTERACTION_CREATE", self._payload(interaction))
        if not sessions or not await interaction.until(lambda: interaction.answered, ANSWER_S):
            interaction.failed = True
            self._publish(interaction, f"{interaction.event}_failed", error=interaction.failure)
        return interaction

    def stop(self) -> None:
        """End every wait."""
        for interaction in self._by_id.values():
            interaction.failed = interaction.failed or not interaction.answered or interaction.loading
            interaction.wake()

    def get(self, interaction_id: int) -> Interaction | None:
        return self._by_id.get(interaction_id)

    def seen_by(self, user_id: int, channel: Channel) -> list[Message]:
        """Return the messages that a person sees in a channel, ephemeral ones included, oldest first."""
        own = [m for m in self.ephemeral_messages() if (m.visible_to, m.channel_id) == (user_id, channel.id)]
        return sorted([*channel.messages.values(), *own], key=lambda message: message.id)

    def _sessions(self, application_id: int, channel: Channel) -> list[Session]:
        """Return the gateway sessions that hear of an interaction: none if the application was removed."""
        sessions = self._gateway.of_user(application_id, channel.guild_id)
        if channel.guild_id is None:
            return [session for session in sessions if session.serves_dms]
        return sessions if application_id in self._world.guild_of(channel).members else []

    def ephemeral_messages(self) -> Iterator[Message]:
        for interaction in self._by_id.values():
            yield from (m for m in interaction.messages if m.visible_to is not None)

    # The application's side

    def unanswered(self, interaction_id: int, token: str) -> Interaction:
        """Return an interaction for its callback. Raises DiscordError if it cannot be answered (any more)."""
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token or interaction.failed:
            raise errors.unknown("interaction")
        if interaction.answered:
            raise DiscordError(400, 40060, "Interaction has already been acknowledged.")
        self._require_channel(interaction)
        return interaction

    def answered(self, application_id: int, token: str) -> Interaction:
        """Return an answered interaction for its webhook. Raises DiscordError if the token is no longer valid."""
        for interaction in self._by_id.values():
            if (interaction.application_id, interaction.token) == (application_id, token):
                if self._world.clock() > interaction.created + TOKEN_S:
                    break
                if not interaction.answered or interaction.kind is Kind.AUTOCOMPLETE:
                    raise errors.unknown("Webhook")
                self._require_channel(interaction)
                return interaction
        raise DiscordError(401, 50027, "Invalid Webhook Token")

    def _require_channel(self, interaction: Interaction) -> None:
        channel = interaction.channel
        if self._world.channel(channel.id) is None:
            raise errors.unknown("Channel")  # deleted meanwhile
        if channel.thread is not None and channel.thread.archived and channel.thread.locked:
            raise errors.archived()  # api-docs#6884

    def respond(self, interaction: Interaction, callback: Callback, draft: Draft) -> None:
        """Give the first answer."""
        if callback not in interaction.allowed:
            raise errors.invalid_form(_wrong_type(interaction))
        if callback is Callback.CHOICES:
            interaction.choices = _choices(interaction, draft)
        elif callback is Callback.MESSAGE:
            interaction.original = self._add(interaction, draft, MessageFlag(0))
        elif callback is Callback.DEFERRED_MESSAGE:
            interaction.original = self._add(interaction, draft, MessageFlag.LOADING)
        elif callback is Callback.MODAL:
            interaction.modal = _modal(draft)
        elif callback is Callback.UPDATE_MESSAGE and interaction.source is not None:
            self.edit(interaction, interaction.source, draft)
        interaction.answered = True
        self._publish(interaction, f"{interaction.event}_answered", callback=callback.name.lower())
        interaction.wake()

    def follow_up(self, interaction: Interaction, draft: Draft) -> Message:
        """Add a message. The first one after a deferred answer replaces that answer."""
        if interaction.loading and interaction.original is not None:
            return self.edit(interaction, interaction.original, draft)
        message = self._add(interaction, draft, MessageFlag(0))
        interaction.wake()
        return message

    def edit(self, interaction: Interaction, message: Message, draft: Draft) -> Message:
        was_loading = bool(message.flags & MessageFlag.LOADING)
        drafts.apply(self._world, draft, message)
        message.flags &= ~MessageFlag.LOADING
        if not was_loading:
            message.edited_at = iso(self._world.clock())
        self._broadcast.message_update(message)
        interaction.wake()
        return message

    def find(self, interaction: Interaction, message_id: str) -> Message:
        """Return an answer by its id or as ``@original``. Raises DiscordError."""
        if message_id == "@original" and interaction.original is not None:
            return interaction.original
        for message in interaction.messages:
            if str(message.id) == message_id:
                return message
        raise errors.unknown("Message")

    def delete(self, interaction: Interaction, message: Message) -> None:
        interaction.channel.messages.pop(message.id, None)
        if message in interaction.messages:
            interaction.messages.remove(message)
        if message is interaction.original:
            interaction.original = None
        self._broadcast.message_delete(message)
        interaction.wake()

    def _add(self, interaction: Interaction, draft: Draft, flags: MessageFlag) -> Message:
        person = self._world.users[interaction.user_id]
        settable = MessageFlag.EPHEMERAL if flags else SETTABLE
        first = interaction.kind is Kind.COMMAND and not interaction.messages
        message = Message(
            self._world.snowflakes.next(),
            interaction.channel.id,
            interaction.channel.guild_id,
            interaction.application_id,
            flags=flags | int(draft.of("flags", 0)) & settable,
            application_id=interaction.application_id,
            interaction={
                "id": str(interaction.id),
                "type": int(interaction.kind),
                "user": payloads.user(person),
                "authorizing_integration_owners": _owners(interaction.channel),
            },
        )
        if interaction.original is not None:
            message.type = MessageType.REPLY
            message.reference = payloads.reference(interaction.channel, interaction.original.id)
        elif first:
            message.type = MessageType.CHAT_INPUT_COMMAND
        if message.flags & MessageFlag.EPHEMERAL:
            message.visible_to = interaction.user_id
        if not flags & MessageFlag.LOADING:
            drafts.apply(self._world, draft, message)
        interaction.messages.append(message)
        if message.visible_to is None:
            self._world.add_message(message)
        self._broadcast.message_create(message)
        return message

    def _payload(self, interaction: Interaction) -> Json:
        world, channel = self._world, interaction.channel
        app_bits = world.permissions(interaction.application_id, channel) | Permission.ATTACH_FILES
        payload: Json = {
            "id": str(interaction.id),
            "application_id": str(interaction.application_id),
            "type": int(interaction.kind),
            "data": interaction.data,
            "channel_id": str(channel.id),
            **self._place(interaction),
            "token": interaction.token,
            "version": 1,
            "app_permissions": str(int(app_bits)),
            "locale": "en-US",
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": _owners(channel),
            "attachment_size_limit": drafts.max_file_bytes(world, channel.guild_id),
        }
        if interaction.source is not None:
            payload["message"] = payloads.message(world, interaction.source)
        return payload

    def _place(self, interaction: Interaction) -> Json:
        """Return the fields about where an interaction happens, and who uses it."""
        world, channel, user_id = self._world, interaction.channel, interaction.user_id
        bits = str(int(world.permissions(user_id, channel)))
        if channel.guild_id is None:
            return {
                "channel": payloads.dm(world, channel, interaction.application_id),
                "user": payloads.user(world.users[user_id]),
                "context": 1,
            }
        guild = world.guild_of(channel)
        return {
            "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
            "guild_id": str(guild.id),
            "guild_locale": "en-US",
            "channel": {**payloads.channel(channel), "permissions": bits},
            "member": {**payloads.member(world, guild.members[user_id]), "permissions": bits},
            "context": 0,
        }

    def _publish(self, interaction: Interaction, event: str, **fields: object) -> None:
        channel = interaction.channel
        guild = None if channel.guild_id is None else self._world.guild_of(channel)
        self._events.publish(
            event,
            interaction_id=str(interaction.id),
            guild_id=payloads.text(channel.guild_id),
            channel_id=str(channel.id),
            user_id=str(interaction.user_id),
            user=self._world.display_name(guild, interaction.user_id),
            **fields,
        )


def _owners(channel: Channel) -> Json:
    """Return who installed the application: a guild, which is "0" in the application's DMs."""
    return {"0": str(channel.guild_id or 0)}


def _wrong_type(interaction: Interaction) -> InvalidField:
    allowed = ", ".join(str(int(callback)) for callback in sorted(interaction.allowed))
    return "type", "BASE_TYPE_CHOICES", f"Value must be one of {{{allowed}}}."


def _modal(draft: Draft) -> Json:
    """Return the modal in an answer. Raises DiscordError if it is invalid."""
    invalid = list(component_schema.check_modal(draft.body))
    if invalid:
        raise errors.invalid_form(*invalid)
    return {**draft.body, "components": component_schema.number(draft.body["components"])}


def _choices(interaction: Interaction, draft: Draft) -> list[Json]:
    """Return the choices in an answer, for the option that the person is typing. Raises DiscordError."""
    kind = focused(interaction.data)["type"]
    given = draft.of("choices", None)
    if given is None:
        raise errors.invalid_form(errors.required("data.choices"))
    invalid = list(command_schema.choices(given, "data.choices", kind))
    if invalid:
        raise errors.invalid_form(*invalid)
    return list(given)
