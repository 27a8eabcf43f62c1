"""What the main gateway says about us in one guild, and the credentials that follow from it.

A voice connection needs two events that belong together, in either order: our own VOICE_STATE_UPDATE and a
VOICE_SERVER_UPDATE. Mixing a fresh session id with an old token is a documented cause of close code 4006
(disgo#580), as is another user's session id (discordrb#695): so each attempt starts with both slots empty, a used
server is used up, and only our own voice state counts.

The same events come unasked when Discord moves the call to another server or a moderator moves us; they then make
new credentials for where we are.
"""

from dataclasses import dataclass, field

from notetaker.model.failure import Step
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


class Whereabouts:
    def __init__(self, guild_id: int) -> None:
        self.guild_id = guild_id
        self.channel_id: int | None = None
        """Where Discord shows us."""
        self.allocating = False
        """Discord has taken our voice server away and is allocating another one."""
        self._wanted: int | None = None
        self._state: VoiceState | None = None
        self._server: VoiceServer | None = None
        self._used: VoiceServer | None = None

    def attempt(self, channel_id: int) -> None:
        """Opcode 4 is about to be sent: only what comes from now on belongs to this attempt."""
        self._wanted = channel_id
        self._state = self._server = None
        self.allocating = False

    def own_state(self, state: VoiceState) -> None:
        """Our own voice state; of an attempt only in the wanted channel. An old one is no credential."""
        self.channel_id = state.channel_id
        fits = state.channel_id is not None and self._wanted in (None, state.channel_id)
        self._state = state if fits and not state.snapshot else None

    def server(self, server: VoiceServer) -> None:
        """A voice server. A null endpoint: Discord is allocating one. The one we use, again: nothing new."""
        self.allocating = server.endpoint is None
        if server.endpoint is None:
            self._server = None
        elif server != self._used:
            self._server = server

    def take(self) -> Credentials | None:
        """The credentials, once, as soon as they are complete."""
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
