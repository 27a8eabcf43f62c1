"""What the main gateway tells about voice: the two events that a voice connection is made of."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class VoiceState:
    """VOICE_STATE_UPDATE: where a user is. ``channel_id`` is None when the user is in no voice channel."""

    guild_id: int
    channel_id: int | None
    user_id: int
    session_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class VoiceServer:
    """VOICE_SERVER_UPDATE: which voice server to use, and the credential for it.

    ``endpoint`` is ``host:port`` exactly as Discord sent it; None while Discord is allocating a new server.
    """

    guild_id: int
    token: str = field(repr=False)
    endpoint: str | None
