"""Interactions: a person uses a command or a component, and the application answers.

Source: Discord docs, Interactions / Receiving and Responding.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from notetaker.discordsim import errors
from notetaker.discordsim.errors import DiscordError, InvalidField
from notetaker.discordsim.gateway.broadcast import Broadcast
from notetaker.discordsim.gateway.server import Gateway
from notetaker.discordsim.messages import command_schema, drafts
from notetaker.discordsim.messages.command_usage import focused
from notetaker.discordsim.messages.drafts import Draft
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Channel, Json, Message, MessageFlag, MessageType
from notetaker.discordsim.world.events import EventLog
from notetaker.discordsim.world.permissions import Permission
from notetaker.discordsim.world.snowflake import iso
from notetaker.discordsim.world.world import World

ANSWER_S = 3.0
"""How long an application may take for its first answer."""
TOKEN_S = 15 * 60.0
"""How long it may send further answers."""
NOT_RESPONDED = "The application did not respond"
"""What Discord's client shows when there is no answer in time."""
NO_CHOICES = "Loading options failed"
"""The same for autocomplete."""


class Kind(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    """A person is typing an option, and needs choices."""


class Callback(IntEnum):
    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE_MESSAGE = 7
    CHOICES = 8


EVENTS = {Kind.COMMAND: "interaction", Kind.COMPONENT: "interaction", Kind.AUTOCOMPLETE: "autocomplete"}
ALLOWED = {
    Kind.COMMAND: "{4, 5, 9, 10, 12}",
    Kind.COMPONENT: "{4, 5, 6, 7, 9, 10, 12}",
    Kind.AUTOCOMPLETE: "{8}",
}
"""The callback types in Discord's error message."""


@dataclass
class Interaction:
    id: int
    token: str
    kind: Kind
    application_id: int
    user_id: int
    channel: Channel
    data: Json
    created: float
    source: Message | None = None
    """The message whose component was used."""
    answered: bool = False
    failed: bool = False
    """Whether there was no answer in time."""
    original: Message | None = None
    """The message ``@original``."""
    choices: list[Json] | None = None
    """The answer to autocomplete."""
    messages: list[Message] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def failure(self) -> str:
        """What Discord's client shows when there is no answer in time."""
        return NO_CHOICES if self.kind is Kind.AUTOCOMPLETE else NOT_RESPONDED

    @property
    def loading(self) -> bool:
        return self.original is not None and bool(self.original.flags & MessageFlag.LOADING)

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds. Return False if time is up, or the interaction failed."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    if self.failed:
                        return False
                    await self.changed.wait()
        except TimeoutError:
            return False
        return True


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
        sessions = self._gateway.of_user(application_id, channel.guild_id)
        name = data.get("name") or data.get("custom_id")
        self._publish(interaction, EVENTS[kind], name=name)
        for session in sessions:
            session.dispatch("INTERACTION_CREATE", self._payload(interaction))
        if not sessions or not await interaction.until(lambda: interaction.answered, ANSWER_S):
            interaction.failed = True
            self._publish(interaction, f"{EVENTS[kind]}_failed", error=interaction.failure)
        return interaction

    def stop(self) -> None:
        """End every wait."""
        for interaction in self._by_id.values():
            interaction.failed = interaction.failed or not interaction.answered or interaction.loading
            interaction.wake()

    def get(self, interaction_id: int) -> Interaction | None:
        return self._by_id.get(interaction_id)

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
        if self._world.channel(interaction.channel.id) is None:
            raise errors.unknown("Channel")  # deleted meanwhile

    def respond(self, interaction: Interaction, callback: Callback, draft: Draft) -> None:
        """Give the first answer."""
        if (callback is Callback.CHOICES) != (interaction.kind is Kind.AUTOCOMPLETE):
            raise errors.invalid_form(_wrong_type(interaction))
        if callback is Callback.CHOICES:
            interaction.choices = _choices(interaction, draft)
        elif callback is Callback.MESSAGE:
            interaction.original = self._add(interaction, draft, MessageFlag(0))
        elif callback is Callback.DEFERRED_MESSAGE:
            interaction.original = self._add(interaction, draft, MessageFlag.LOADING)
        elif interaction.source is None:
            raise errors.invalid_form(_wrong_type(interaction))
        elif callback is Callback.UPDATE_MESSAGE:
            self.edit(interaction, interaction.source, draft)
        interaction.answered = True
        self._publish(interaction, f"{EVENTS[interaction.kind]}_answered", callback=callback.name.lower())
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
        asked = int(draft.of("flags", 0)) & (MessageFlag.EPHEMERAL | MessageFlag.SUPPRESS_EMBEDS)
        first = interaction.kind is Kind.COMMAND and not interaction.messages
        message = Message(
            self._world.snowflakes.next(),
            interaction.channel.id,
            interaction.channel.guild_id,
            interaction.application_id,
            type=MessageType.CHAT_INPUT_COMMAND if first else MessageType.REPLY,
            flags=flags | asked,
            application_id=interaction.application_id,
            interaction={
                "id": str(interaction.id),
                "type": int(interaction.kind),
                "user": payloads.user(person),
                "authorizing_integration_owners": _owners(interaction.channel),
            },
        )
        if interaction.original is not None:
            message.reference = payloads.reference(interaction.channel, interaction.original.id)
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
            "attachment_size_limit": drafts.MAX_FILE_BYTES,
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
    return "type", "BASE_TYPE_CHOICES", f"Value must be one of {ALLOWED[interaction.kind]}."


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
