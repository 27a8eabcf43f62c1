"""Our presence in one guild's voice channels, as the main gateway sees it: asking for it, and hearing of it."""

import asyncio
import logging

from notetaker.model.voice import VoiceServer, VoiceState
from notetaker.voice.ports import MainGateway
from notetaker.wire.close_codes import Rung
from notetaker.wire.whereabouts import Credentials, Whereabouts

log = logging.getLogger(__name__)

CREDENTIALS_TIMEOUT_S = 10.0
"""Discord answers opcode 4 within a second, or never."""


class AttemptFailed(Exception):
    """``str()`` tells a person why; ``rung`` what can be done about it."""

    def __init__(self, reason: str, rung: Rung = Rung.NEW_SESSION) -> None:
        super().__init__(reason)
        self.rung = rung


class Presence:
    def __init__(self, guild_id: int, gateway: MainGateway) -> None:
        self.whereabouts = Whereabouts(guild_id)
        self.changed = asyncio.Event()
        """Set with every word about us; whoever waits clears it."""
        self._guild_id = guild_id
        self._gateway = gateway

    @property
    def channel_id(self) -> int | None:
        """Where Discord shows us."""
        return self.whereabouts.channel_id

    def voice_state_update(self, state: VoiceState) -> None:
        if state.user_id == self._gateway.user_id:
            self.whereabouts.own_state(state)
            self.changed.set()

    def voice_server_update(self, server: VoiceServer) -> None:
        self.whereabouts.server(server)
        self.changed.set()

    async def ask(self, channel_id: int) -> Credentials:
        """Sends opcode 4 and waits for the pair that belongs to it. Raises ``AttemptFailed``."""
        self.whereabouts.attempt(channel_id)
        try:
            await self._gateway.update_voice_state(self._guild_id, channel_id)
            async with asyncio.timeout(CREDENTIALS_TIMEOUT_S):
                while (credentials := self.whereabouts.take()) is None:
                    self.changed.clear()
                    await self.changed.wait()
                return credentials
        except ConnectionError as error:
            raise AttemptFailed("The connection to Discord itself is down at the moment.") from error
        except TimeoutError:
            raise AttemptFailed(
                f"Discord sent no {self.whereabouts.missing} within {CREDENTIALS_TIMEOUT_S:.0f} s: "
                "is the channel full, or is the Connect permission missing?"
            ) from None

    async def leave(self) -> None:
        """Tells Discord that we are gone, if it can be told."""
        try:
            await self._gateway.update_voice_state(self._guild_id, None)
        except ConnectionError:
            log.info("Could not leave voice in guild %d: the main gateway is down", self._guild_id)
