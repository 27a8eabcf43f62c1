"""What the main gateway reports about us in one guild, and the credentials that follow from it.

A voice connection needs two events that belong together, in either order: our own VOICE_STATE_UPDATE and a
VOICE_SERVER_UPDATE. Mixing a fresh session id with an old token is a documented cause of close code 4006
(disgo#580), as is another user's session id (discordrb#695). So each attempt starts with both slots empty, a server
is used once, and only our own voice state counts.

The same events arrive unasked when Discord moves the call to another server or a moderator moves us. They are then
new credentials for where we are.
"""

from dataclasses import dataclass, field

from notetaker.model.failure import Step
from notetaker.model.voice import VoiceServer, VoiceState


@dataclass(frozen=True, slots=True)
class Credentials:
    """Everything needed to identify with a voice server."""

    guild_id: int
    channel_id: int
    user_id: int
    session_id: str = field(repr=False)
    token: str = field(repr=False)
    endpoint: str
    """``host:port``. The port is part of it and is not 443 (disnake#1301)."""


class Whereabouts:
    def __init__(self, guild_id: int) -> None:
        self.guild_id = guild_id
        self.channel_id: int | None = None
        """The channel in which Discord shows us."""
        self.allocating = False
        """True while Discord, having taken our voice server away, allocates another one."""
        self._wanted: int | None = None
        self._state: VoiceState | None = None
        self._server: VoiceServer | None = None
        self._used: VoiceServer | None = None

    def attempt(self, channel_id: int) -> None:
        """Start an attempt: opcode 4 is about to be sent, and only events from now on belong to it."""
        self._wanted = channel_id
        self._state = self._server = None
        self.allocating = False

    def own_state(self, state: VoiceState) -> None:
        """Take our own voice state. It is a credential if it is news, and of the wanted channel in an attempt."""
        self.channel_id = state.channel_id
        fits = state.channel_id is not None and self._wanted in (None, state.channel_id)
        self._state = state if fits and not state.snapshot else None

    def server(self, server: VoiceServer) -> None:
        """Take a voice server. Without an endpoint, Discord is allocating one; the one in use is not news."""
        self.allocating = server.endpoint is None
        if server.endpoint is None:
            self._server = None
        elif server != self._used:
            self._server = server

    def take(self) -> Credentials | None:
        """Return the credentials as soon as they are complete, once."""
        state, server = self._state, self._server
        if state is None or state.channel_id is None or server is None or server.endpoint is None:
            return None
        self._wanted, self._used, self._server = None, server, None
        return Credentials(
            guild_id=self.guild_id,
            channel_id=state.channel_id,
            user_id=state.user_id,
            session_id=state.session_id,
            token=server.token,
            endpoint=server.endpoint,
        )

    @property
    def complete(self) -> bool:
        return self._state is not None and self._server is not None

    @property
    def step(self) -> Step:
        """What is still awaited: both events, or one of them."""
        if self._state is not None:
            return Step.VOICE_SERVER_UPDATE
        return Step.CREDENTIALS if self._server is None else Step.VOICE_STATE_UPDATE
