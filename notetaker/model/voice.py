"""Events of the main gateway that concern voice: the two that a connection needs, and those that affect it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class VoiceState:
    """VOICE_STATE_UPDATE: where a user is. ``channel_id`` is None if the user is not in a voice channel."""

    guild_id: int
    channel_id: int | None
    user_id: int
    session_id: str = field(repr=False)
    """The main-gateway session that asked for it (discord-api-docs#1724)."""
    deaf: bool = False
    """Whether a moderator has deafened the user, to whom Discord then sends no sound."""
    snapshot: bool = False
    """Whether it comes from GUILD_CREATE, which reports the state at connection time and no change."""


@dataclass(frozen=True, slots=True)
class VoiceServer:
    """VOICE_SERVER_UPDATE: the voice server to use, and the credential for it.

    ``endpoint`` is ``host:port`` exactly as Discord sent it, or None while Discord is allocating a new server.
    """

    guild_id: int
    token: str = field(repr=False)
    endpoint: str | None


@dataclass(frozen=True, slots=True)
class SessionBegan:
    """READY: a new main-gateway session for these guilds. It invalidates the voice sessions of earlier ones."""

    session_id: str = field(repr=False)
    guild_ids: frozenset[int]
    shard_id: int = 0


@dataclass(frozen=True, slots=True)
class SessionResumed:
    """RESUMED: a main-gateway session was resumed, with no events missed."""


@dataclass(frozen=True, slots=True)
class ChannelDeleted:
    """CHANNEL_DELETE."""

    guild_id: int
    channel_id: int


@dataclass(frozen=True, slots=True)
class Admission:
    """Whose sound is taken: that of everyone in one voice channel, except for some, or that of some only."""

    channel_id: int | None
    """None: of no channel, so nobody's."""
    refused: frozenset[int] = frozenset()
    """User ids."""
    only: frozenset[int] | None = None
    """User ids of the only ones whose sound is taken; None: there are others."""

    def refused_in(self, channel_id: int) -> frozenset[int] | None:
        """Return whose sound is not taken in a voice channel, whatever ``only`` says; None: everyone's."""
        return self.refused if channel_id == self.channel_id else None

    def takes(self, user_id: int) -> bool:
        """Return whether the sound of somebody in the channel is taken."""
        allowed = self.only is None or user_id in self.only
        return self.channel_id is not None and allowed and user_id not in self.refused


VoiceEvent = VoiceState | VoiceServer | SessionBegan | SessionResumed | ChannelDeleted
