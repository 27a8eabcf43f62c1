"""What exists in a Discord: users, guilds, channels, messages. Plain records, with ids as ints."""

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

Json = dict[str, Any]


class ChannelType(IntEnum):
    """The channel types that exist here (Discord docs, Resources / Channel / Channel Types)."""

    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    STAGE = 13


class MessageType(IntEnum):
    DEFAULT = 0
    THREAD_CREATED = 18
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER_MESSAGE = 21


class MessageFlag(IntFlag):
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12


@dataclass
class User:
    id: int
    username: str
    global_name: str | None
    token: str = field(repr=False)
    bot: bool = False
    accepts_dms: bool = True
    """Whether the person's privacy settings let members of the same guild write to them."""

    @property
    def display_name(self) -> str:
        return self.global_name or self.username


@dataclass
class Command:
    id: int
    application_id: int
    guild_id: int | None
    """None: a global command."""
    version: int
    body: Json
    """The schema as registered: name, type, description, options, ..."""

    @property
    def name(self) -> str:
        return str(self.body["name"])


@dataclass
class Application:
    """A bot's application. Like every application made since 2016, it has the id of its bot user."""

    id: int
    name: str
    owner_id: int
    privileged_intents: int = 0
    """Intent bits switched on in the developer portal."""
    commands: dict[int, Command] = field(default_factory=dict)


@dataclass
class Role:
    id: int
    name: str
    permissions: int
    position: int = 0
    bot_id: int | None = None
    """Set for a bot's managed role."""


@dataclass
class Overwrite:
    id: int
    kind: int
    """0: role, 1: member."""
    allow: int = 0
    deny: int = 0


@dataclass
class Attachment:
    id: int
    filename: str
    content_type: str | None
    description: str | None
    url: str
    data: bytes = field(repr=False)


@dataclass
class Message:
    id: int
    channel_id: int
    guild_id: int | None
    """None: in a DM."""
    author_id: int
    content: str = ""
    type: MessageType = MessageType.DEFAULT
    flags: int = 0
    embeds: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    mention_ids: list[int] = field(default_factory=list)
    """Users whom it pings."""
    mention_role_ids: list[int] = field(default_factory=list)
    mentions_everyone: bool = False
    replied_to: int | None = None
    """The author of the message that this one replies to."""
    nonce: str | int | None = None
    edited_at: str | None = None
    reference: Json | None = None
    application_id: int | None = None
    """Set when an interaction made this message."""
    interaction: Json | None = None
    """Its ``interaction_metadata``."""
    thread_id: int | None = None
    visible_to: int | None = None
    """Set for an ephemeral message, which only this user sees."""


@dataclass
class ThreadData:
    owner_id: int
    created_at: str
    auto_archive_minutes: int = 1440
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    """Whether members of a private thread may add others."""
    archive_timestamp: str = ""
    """When it was archived or unarchived last; "" for when it was created."""
    member_ids: list[int] = field(default_factory=list)


@dataclass
class Channel:
    id: int
    type: ChannelType
    guild_id: int | None
    """None: a DM."""
    name: str
    position: int = 0
    parent_id: int | None = None
    topic: str | None = None
    user_limit: int = 0
    """Maximum number of users in a voice channel; 0: no limit."""
    rtc_region: str | None = None
    """Voice region; None: automatic."""
    status: str | None = None
    """What a voice channel says below its name."""
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    thread: ThreadData | None = None
    recipient_ids: tuple[int, ...] = ()
    """The two users of a DM."""

    @property
    def is_thread(self) -> bool:
        return self.thread is not None

    @property
    def is_vocal(self) -> bool:
        return self.type in (ChannelType.VOICE, ChannelType.STAGE)


@dataclass
class Member:
    user_id: int
    joined_at: str
    nick: str | None = None
    role_ids: list[int] = field(default_factory=list)
    mute: bool = False
    deaf: bool = False
    timed_out_until: str | None = None
    """Until when a moderator lets the member only read: a time as ``snowflake.iso`` writes it."""


@dataclass
class VoiceState:
    guild_id: int
    user_id: int
    channel_id: int | None
    session_id: str
    """Id of the main gateway session that joined."""
    self_mute: bool = False
    self_deaf: bool = False
    suppress: bool = False
    request_to_speak_timestamp: str | None = None

    @property
    def place(self) -> tuple[int | None, str]:
        return self.channel_id, self.session_id

    @property
    def flags(self) -> tuple[bool, bool]:
        return self.self_mute, self.self_deaf


@dataclass
class Guild:
    id: int
    name: str
    owner_id: int
    premium_tier: int = 0
    """0 to 3, by the boosts that members pay for."""
    roles: dict[int, Role] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    """Threads included."""
    members: dict[int, Member] = field(default_factory=dict)
    voice_states: dict[int, VoiceState] = field(default_factory=dict)
    """By user id, for those who are in a channel."""

    def in_channel(self, channel_id: int) -> list[VoiceState]:
        return [state for state in self.voice_states.values() if state.channel_id == channel_id]

    @property
    def active_threads(self) -> list[Channel]:
        return [c for c in self.channels.values() if c.thread is not None and not c.thread.archived]
