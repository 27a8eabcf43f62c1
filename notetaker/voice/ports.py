"""What the voice stack needs from the rest, as protocols: it knows neither py-cord nor the journal."""

from typing import Protocol

from notetaker.model.audio import AudioFrame
from notetaker.wire.losses import Loss


class MainGateway(Protocol):
    """The bot's connection to Discord's main gateway, and to its REST API."""

    @property
    def user_id(self) -> int:
        """The bot's own user id."""

    async def update_voice_state(self, guild_id: int, channel_id: int | None) -> None:
        """Sends opcode 4; None leaves. Raises ``ConnectionError`` while the gateway is down."""

    async def voice_region(self, channel_id: int) -> str | None:
        """The region that a channel's settings ask for; None: Discord chooses.

        Raises ``PermissionError`` or ``ConnectionError`` with a sentence.
        """

    async def set_voice_region(self, channel_id: int, region: str | None) -> None:
        """Needs the permission Manage Channels. Raises as ``voice_region`` does."""


class SessionSink(Protocol):
    """Takes what is heard. Called on the event loop; must be quick and must not raise."""

    def session_opened(self, now: float) -> None:
        """A voice session is up, or was up when the recording began."""

    def speaker_joined(self, user_id: int, ssrc: int, now: float) -> None:
        """``ssrc`` is the stream of ``user_id``."""

    def speaker_left(self, user_id: int, now: float) -> None: ...

    def frame(self, frame: AudioFrame) -> None: ...

    def session_closed(self, now: float, reason: str) -> None:
        """The session is over; another one follows while the bot is wanted in the channel."""

    def lost(self, loss: Loss) -> None:
        """A stretch of somebody's sound was lost on the way, or could not be opened."""

    def deafened(self, now: float, deaf: bool) -> None:
        """A moderator has server-deafened the bot, so that Discord sends it nothing; or has undone it."""


class JoinFailed(Exception):
    """A round of attempts failed. ``str()`` tells a person what happened, the likely cause, what to try."""

    def __init__(self, reason: str, *, final: bool = False, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.final = final
        """Another round would fail likewise, or is not wanted any more: the bot has given it up."""
        self.pause_s = pause_s
        """Seconds before which another round would do harm."""
