"""Joining as a value: a voice connection needs two main-gateway events that belong to the same attempt.

The events come in either order, repeated, or for others. Mixing a fresh session id with an old token is a
documented cause of close code 4006 (disgo#580), as is another user's session id (discordrb#695): so each attempt
starts with both slots empty, and only our own voice state fills one.
"""

from dataclasses import dataclass, field

from notetaker.model.voice import VoiceServer, VoiceState


@dataclass(frozen=True, slots=True)
class Credentials:
    """All that identifying with a voice server takes."""

    guild_id: int
    channel_id: int
    user_id: int
    session_id: str = field(repr=False)
    token: str = field(repr=False)
    endpoint: str
    """``host:port``; the port is part of it and is not 443 (disnake#1301)."""


class JoinProgress:
    """One attempt's two slots. ``credentials`` is None until both events for the wanted channel are in."""

    def __init__(self, guild_id: int, channel_id: int, user_id: int) -> None:
        self.guild_id = guild_id
        self.channel_id = channel_id
        self.user_id = user_id
        self._state: VoiceState | None = None
        self._server: VoiceServer | None = None

    def voice_state(self, state: VoiceState) -> None:
        """Takes our own state in the wanted channel; a state elsewhere empties the slot."""
        if (state.guild_id, state.user_id) == (self.guild_id, self.user_id):
            self._state = state if state.channel_id == self.channel_id else None

    def voice_server(self, server: VoiceServer) -> None:
        """Takes a server; a null endpoint means that Discord is still allocating one."""
        if server.guild_id == self.guild_id:
            self._server = server if server.endpoint else None

    @property
    def missing(self) -> str:
        """The event(s) still awaited, for an error message."""
        names = []
        if self._state is None:
            names.append("VOICE_STATE_UPDATE")
        if self._server is None:
            names.append("VOICE_SERVER_UPDATE")
        return " and ".join(names)

    @property
    def credentials(self) -> Credentials | None:
        if self._state is None or self._server is None or self._server.endpoint is None:
            return None
        return Credentials(
            guild_id=self.guild_id,
            channel_id=self.channel_id,
            user_id=self.user_id,
            session_id=self._state.session_id,
            token=self._server.token,
            endpoint=self._server.endpoint,
        )
