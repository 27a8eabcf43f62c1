"""What the main gateway tells about voice: the two events that a connection is made of, and what bears on it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class VoiceState:
    """VOICE_STATE_UPDATE: where a user is. ``channel_id`` is None when the user is in no voice channel."""

    guild_id: int
    channel_id: int | None
    user_id: int
    session_id: str = field(repr=False)
    """Of the main-gateway session that asked for it (discord-api-docs#1724)."""
    deaf: bool = False
    """Deafened by a moderator: Discord sends no sound."""
    snapshot: bool = False
    """From GUILD_CREATE: not news, but what Discord knew when we came."""


@dataclass(frozen=True, slots=True)
class VoiceServer:
    """VOICE_SERVER_UPDATE: which voice server to use, and the credential for it.

    ``endpoint`` is ``host:port`` exactly as Discord sent it; None while Discord is allocating a new server.
    """

    guild_id: int
    token: str = field(repr=False)
    endpoint: str | None


@dataclass(frozen=True, slots=True)
class SessionBegan:
    """READY: a new session of the main gateway, for these guilds. Voice sessions of earlier ones are void."""

    session_id: str = field(repr=False)
    guild_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class SessionResumed:
    """RESUMED: a main-gateway session goes on; nothing was missed."""


@dataclass(frozen=True, slots=True)
class ChannelDeleted:
    """CHANNEL_DELETE."""

    guild_id: int
    channel_id: int


VoiceEvent = VoiceState | VoiceServer | SessionBegan | SessionResumed | ChannelDeleted
