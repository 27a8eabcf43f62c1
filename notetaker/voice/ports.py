"""What the voice stack needs from the rest, as protocols: it knows neither py-cord nor the journal."""

from typing import Protocol

from notetaker.model.audio import AudioFrame


class MainGateway(Protocol):
    """The bot's connection to Discord's main gateway."""

    @property
    def user_id(self) -> int:
        """The bot's own user id."""

    async def update_voice_state(self, guild_id: int, channel_id: int | None) -> None:
        """Sends opcode 4; None leaves. Raises ``ConnectionError`` while the gateway is down."""


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


class JoinFailed(Exception):
    """A round of attempts failed. ``str()`` tells a person what happened, the likely cause, what to try.

    ``final``: another round would fail likewise.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final
