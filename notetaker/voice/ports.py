"""What the voice stack needs from others, as protocols: it knows neither py-cord nor the journal."""

from collections.abc import Mapping
from typing import Protocol

from notetaker.model.audio import AudioFrame
from notetaker.model.failure import Failure
from notetaker.wire.explanations import explain
from notetaker.wire.losses import Loss


class MainGateway(Protocol):
    """The bot's connection to Discord's main gateway, and to its REST API."""

    @property
    def user_id(self) -> int:
        """The bot's own user id."""

    async def update_voice_state(self, guild_id: int, channel_id: int | None) -> None:
        """Send opcode 4; None leaves. Raises ``ConnectionError`` while the gateway is down."""

    async def voice_region(self, channel_id: int) -> str | None:
        """Return the region in a channel's settings, or None if Discord chooses.

        Raises ``PermissionError`` or ``ConnectionError`` with a sentence.
        """

    async def set_voice_region(self, channel_id: int, region: str | None) -> None:
        """Change the region, which takes the permission Manage Channels. Raise as ``voice_region`` does."""


class SessionSink(Protocol):
    """Takes what is heard in a guild. Called on the event loop; must be quick and must not raise."""

    def session_opened(self, now: float) -> None:
        """A voice session is up, or already was when the recording began."""

    def speaker_joined(self, user_id: int, ssrc: int, now: float) -> None:
        """``ssrc`` is the stream of ``user_id``."""

    def speaker_left(self, user_id: int, now: float) -> None:
        """The user has left the channel."""

    def frame(self, frame: AudioFrame) -> None:
        """A packet of audio was heard."""

    def session_closed(self, now: float, reason: str) -> None:
        """The session is over. Another one follows while the bot is wanted in the channel."""

    def lost(self, loss: Loss) -> None:
        """Packets of a speaker never arrived, or could not be opened."""

    def deafened(self, now: float, deaf: bool) -> None:
        """A moderator has server-deafened the bot, so Discord sends it nothing, or has undone that."""

    @property
    def stored(self) -> Mapping[int, int]:
        """How many frames were stored, by user id."""


class JoinFailed(Exception):
    """A round of attempts failed. ``str()`` is for people: what happened, the likely cause, what to try."""

    def __init__(
        self, failure: Failure, *, tries: int = 0, hint: str = "", final: bool = False, pause_s: float = 0.0
    ) -> None:
        """``hint`` replaces that of the failure's explanation."""
        explained = explain(failure)
        tried = f"Tried {'once' if tries == 1 else f'{tries} times'} without success." if tries else ""
        super().__init__(" ".join(filter(None, [tried, explained.reason, hint or explained.hint])))
        self.failure = failure
        """The last attempt's."""
        self.final = final
        """Another round would fail as well, or is no longer wanted: the bot has given up."""
        self.pause_s = pause_s
        """Seconds to wait before another round, which would do harm earlier."""


class VoiceObserver(Protocol):
    """Learns what becomes of the bot in voice channels. Called on the event loop; must not raise."""

    def removed(self, guild_id: int, reason: str) -> None:
        """The bot is out of the channel for good, and nobody asked it to leave; ``reason`` is for people."""

    def moved(self, guild_id: int) -> None:
        """Somebody has moved the bot to another voice channel, which is wanted from now on. Again once it is in."""

    def waiting(self, guild_id: int, reason: str) -> None:
        """A round of attempts has failed, and more will follow. Called once until ``joined``."""

    def joined(self, guild_id: int) -> None:
        """The bot is in the channel, after ``waiting``."""
