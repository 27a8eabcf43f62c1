"""Our presence in the voice channels of one guild, as the main gateway sees it."""

import asyncio
import logging

from notetaker.model.failure import Failure, Step
from notetaker.model.voice import VoiceServer, VoiceState
from notetaker.voice.duplicate_bot import DuplicateDetector
from notetaker.voice.ports import MainGateway
from notetaker.voice.timing import Clock
from notetaker.voice.trace.writer import Trace
from notetaker.wire.handshake import DEADLINES_S
from notetaker.wire.whereabouts import Credentials, Whereabouts

log = logging.getLogger(__name__)

WHAT_NEXT_S = 3.0
"""How long the main gateway takes to report what happened, after close code 4014 or 4022."""
ALLOCATION_S = 60.0
"""How long Discord may take to allocate another voice server, after announcing it."""
LEAVE_TIMEOUT_S = 10.0
"""Limit for sending opcode 4, which may have to wait for the main gateway's rate limit."""


class AttemptFailed(Exception):
    """A single attempt to connect failed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


class Presence:
    def __init__(
        self, guild_id: int, gateway: MainGateway, duplicates: DuplicateDetector, clock: Clock
    ) -> None:
        self.whereabouts = Whereabouts(guild_id)
        self.changed = asyncio.Event()
        """Set with every event about us. Those who wait clear it."""
        self.deafened = False
        """True while a moderator has server-deafened us."""
        self.foreign = False
        """True when the voice state that Discord shows belongs to another process with our token."""
        self.trace: Trace | None = None
        """Trace of the attempt under way."""
        self.displaced_from: int | None = None
        """The channel from which somebody moved or disconnected us, until that has been dealt with."""
        self._asked: int | None = None
        self._shown = False  # where we asked to be, since we did
        self._guild_id = guild_id
        self._gateway = gateway
        self._duplicates = duplicates
        self._clock = clock

    @property
    def channel_id(self) -> int | None:
        """The channel in which Discord shows us."""
        return self.whereabouts.channel_id

    @property
    def possible(self) -> bool:
        """True when Discord shows us in a channel, or may soon do so because it was asked to."""
        return self.channel_id is not None or self._asked is not None

    def voice_state_update(self, state: VoiceState) -> None:
        """Take our own voice state."""
        if self.trace is not None:
            self.trace.note("VOICE_STATE_UPDATE", channel=state.channel_id, session=state.session_id)
        self.foreign = self._duplicates.is_foreign(state, self._clock.time())
        self.whereabouts.own_state(state)
        self._notice_displacement(state)
        self.deafened = state.deaf and state.channel_id is not None
        self.changed.set()

    def voice_server_update(self, server: VoiceServer) -> None:
        if self.trace is not None:
            self.trace.note("VOICE_SERVER_UPDATE", endpoint=server.endpoint, token=server.token)
        self.whereabouts.server(server)
        self.changed.set()

    def session_began(self) -> None:
        """A new session of the main gateway ends the voice state of the old one, so nobody displaced us."""
        self.displaced_from, self._shown = None, False

    async def ask(self, channel_id: int) -> Credentials:
        """Send opcode 4 and wait for the pair that belongs to it. Raises ``AttemptFailed``."""
        self.whereabouts.attempt(channel_id)
        try:
            await self._update(channel_id)
            async with self._clock.timeout(DEADLINES_S[Step.CREDENTIALS]):
                while (credentials := self.whereabouts.take()) is None:
                    self.check_displaced(channel_id)
                    self.changed.clear()
                    await self.changed.wait()
                return credentials
        except ConnectionError as error:
            raise AttemptFailed(Failure(Step.GATEWAY)) from error
        except TimeoutError:
            raise AttemptFailed(Failure(self.whereabouts.step, timed_out=True)) from None

    async def leave(self) -> None:
        """Leave the channel, as far as the main gateway lets us."""
        shown, self._shown = self._shown, False  # leaving is our own doing
        try:
            async with self._clock.timeout(LEAVE_TIMEOUT_S):
                await self._update(None)
        except ConnectionError:
            self._shown = shown
            log.info("Could not leave voice in guild %d: the main gateway is down", self._guild_id)
        except TimeoutError:
            log.warning("Could not leave voice in guild %d within %.0f s", self._guild_id, LEAVE_TIMEOUT_S)

    def check_displaced(self, channel_id: int) -> None:
        """Raise ``AttemptFailed`` if somebody moved or disconnected us from this channel."""
        if self.displaced_from == channel_id:
            detail = "We were moved or disconnected while we were connecting."
            raise AttemptFailed(Failure(Step.CREDENTIALS, detail=detail))

    async def hear_what_next(self) -> None:
        """Wait for the main gateway to report that we were moved, migrated or kicked, which it may never do."""
        whereabouts = self.whereabouts
        wait_s = ALLOCATION_S if whereabouts.allocating else WHAT_NEXT_S
        try:
            async with self._clock.timeout(wait_s):
                while whereabouts.channel_id is not None and not whereabouts.complete:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            log.info("Discord sent no update about the call in guild %d", self._guild_id)

    def _notice_displacement(self, state: VoiceState) -> None:
        if self.foreign or state.snapshot:
            return
        if self._shown and state.channel_id != self._asked:
            if self.displaced_from is None:
                self.displaced_from = self._asked
            self._asked = state.channel_id
        self._shown = state.channel_id is not None and state.channel_id == self._asked

    async def _update(self, channel_id: int | None) -> None:
        if self.trace is not None:
            self.trace.note("op 4", channel=channel_id)
        if channel_id is not None:  # even if this is interrupted: it may have been sent
            self._shown = self._shown and channel_id == self._asked
            self._asked = channel_id
        await self._gateway.update_voice_state(self._guild_id, channel_id)
        self._asked = channel_id
