"""Voice in one guild: what people want, and the keeper that makes it so.

The intent outlives connections. People change it at once (``want``); one task, the keeper, does all the work, one
operation at a time and under a lock: connect, follow where Discord moves us, take up again what was lost, leave. An
operation for something that is not wanted any more is interrupted, so the last command wins. After a round of
attempts without success the keeper rests until someone speaks up, voice in the guild stirs, or the health monitor
comes by.
"""

import asyncio
import logging

from notetaker.model import events
from notetaker.model.failure import Failure, Rung, Step
from notetaker.model.voice import VoiceServer, VoiceState
from notetaker.voice.attempts import COOL_DOWN_S, Attempts, Shared
from notetaker.voice.downtime import Uptime
from notetaker.voice.duplicate_bot import DUPLICATE
from notetaker.voice.outcome import Outcome
from notetaker.voice.ports import JoinFailed
from notetaker.voice.presence import ALLOCATION_S, WHAT_NEXT_S, Presence
from notetaker.voice.reception import Reception
from notetaker.voice.retry_hold import Rest
from notetaker.voice.timing import HoldersClock, TimedLock
from notetaker.wire.explanations import explain

log = logging.getLogger(__name__)

UNTIMED_S = 10.0
"""For what an operation does without a limit of its own, which is to close connections: seconds, if the other side
does not answer. Who is late by a little more only leaves out a ping.
"""
OVERDUE_S = 5.0
"""A connection whose timer is late by more is not under control."""

DISCONNECTED = Failure(Step.ESTABLISHED, detail="I was disconnected from the voice channel.")
DELETED = Failure(Step.ESTABLISHED, detail="The voice channel was deleted.")
BUG = Failure(Step.ENDED, detail="The bot has run into a bug of its own; the details are in its log.")
SUPERSEDED = Failure(Step.ENDED, detail="Somebody has asked for something else meanwhile.")


class GuildVoice:
    def __init__(self, guild_id: int, shared: Shared) -> None:
        self.guild_id = guild_id
        self.lock = TimedLock(shared.clock.time, lambda: UNTIMED_S)
        self.intent: int | None = None
        """The channel that we are to be in."""
        self._shared = shared
        self._clock = clock = HoldersClock(shared.clock, self.lock)
        self.presence = Presence(guild_id, shared.gateway, shared.instances, clock)
        self.reception = Reception(clock, shared.totals, self._connection_ended)
        self.attempts = Attempts(guild_id, shared, clock, self.presence, self.reception)
        self._keeper: asyncio.Task[None] | None = None
        self._scope: asyncio.Timeout | None = None  # of the operation that may be interrupted
        self._outcome = Outcome()
        self._lost: Failure | None = None  # how the established connection ended, until that is dealt with
        self._gone: Failure | None = None  # when there is nothing to go back to
        self._renewed = False  # the main gateway has a new session, and we have no voice session of it yet
        self.uptime = Uptime(clock, shared.totals)
        self.rest = Rest()
        self._failed_before = False  # a round, since we were connected

    # What people want

    def want(self, channel_id: int | None) -> None:
        """From now on this is wanted: to be in a channel, or in none."""
        if channel_id != self.intent:
            self._outcome.settle(JoinFailed(SUPERSEDED, final=True))
            self.intent = channel_id
            self._gone, self._failed_before = None, False
            self.uptime.begin_anew()
            self._lost = self.presence.displaced_from = None
            self._interrupt()
        self.rest.end()
        self.uptime.absent(channel_id is not None and self.connected_to is None)
        self._wake()

    async def settled(self, channel_id: int) -> None:
        """Returns when connected to ``channel_id``, which was wanted. Raises ``JoinFailed`` after a failed round."""
        while self.connected_to != channel_id:
            if self.intent != channel_id:
                raise JoinFailed(SUPERSEDED, final=True)
            failure = self.rest.failure or await self._outcome.of_next()
            if failure is not None:
                raise failure

    async def leave(self) -> None:
        """Returns when we have left, or somebody wants us back."""
        self.want(None)
        while self._keeper is not None and self.intent is None:
            await self._outcome.of_next()

    @property
    def connected_to(self) -> int | None:
        """The channel of the live connection."""
        return self.reception.channel_id

    # What the main gateway tells

    def voice_state_update(self, state: VoiceState) -> None:
        """Our own."""
        self.presence.voice_state_update(state)
        self.reception.deafened(self.presence.deafened)
        if self.presence.foreign and state.channel_id is None:
            self.discord_is_back()  # the other process has left the channel to us

    def voice_server_update(self, server: VoiceServer) -> None:
        self.presence.voice_server_update(server)

    def channel_deleted(self, channel_id: int) -> None:
        if channel_id == self.intent:
            self._gone = DELETED
            self._interrupt()
            self._wake()

    def session_began(self, session_id: str) -> None:
        """A new session of the main gateway: voice sessions of earlier ones are void (JDA, AudioWebSocket)."""
        connection = self.reception.connection
        if self.intent is None or (connection and connection.session.credentials.session_id == session_id):
            return
        self._renewed = True
        self.presence.session_began()
        self._interrupt()  # an attempt under way has credentials of the old session
        self.reception.detach("the main connection to Discord began anew")
        self.uptime.absent(True)
        self.discord_is_back()

    # What gets a resting keeper going

    def stir(self) -> None:
        """There is voice activity in the guild."""
        if self.rest.stir(self._clock.time()):
            self._wake()

    def discord_is_back(self) -> None:
        """The main gateway is connected again."""
        self.rest.discord_is_back()
        self._wake()

    async def check(self) -> None:
        """The health monitor comes by."""
        self.stir()
        if self.intent is not None:
            self._wake()
        elif self.presence.channel_id is not None and self._keeper is None and not self.presence.foreign:
            log.warning(
                "Discord shows us in a voice channel of guild %d where we are not: leaving",
                self.guild_id,
                extra=events.VOICE_GHOST(guild_id=self.guild_id),
            )
            self._shared.totals.ghosts += 1
            async with self.lock:
                await self.presence.leave()

    @property
    def failure(self) -> str | None:
        """Why this guild's voice is out of control; None: it is not, whatever Discord does to it."""
        connection = self.reception.connection
        if self.lock.overdue_s:
            return f"an operation in guild {self.guild_id} is stuck, {self.lock.overdue_s:.0f} s overdue"
        if self.intent is not None and self._keeper is None and self.rest.failure is None:
            return f"nobody keeps the voice connection of guild {self.guild_id}"
        if connection is not None and connection.overdue_s > OVERDUE_S:
            return f"the voice connection of guild {self.guild_id} is not being served"
        return None

    @property
    def patience_s(self) -> float:
        """Longer than this no operation takes."""
        return self.attempts.patience_s + ALLOCATION_S + WHAT_NEXT_S

    @property
    def busy(self) -> bool:
        """Whether we are in a channel, or anything else is wanted or under way."""
        return self._keeper is not None

    # The keeper

    def _interrupt(self) -> None:
        """What is being done is not wanted any more; that is felt at its next ``await``."""
        if self._scope is not None:
            scope, self._scope = self._scope, None
            scope.reschedule(0.0)

    def _wake(self) -> None:
        self.presence.changed.set()
        if self._keeper is None and (self.intent is not None or self._needed):
            self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="voice keeper")
            self._keeper.add_done_callback(self._keeper_ended)

    async def _keep(self) -> None:
        """As long as anything is wanted."""
        while True:
            while not self._needed:
                self.presence.changed.clear()
                await self.presence.changed.wait()
            async with self.lock:
                gone = await self._operate()
            if gone and self.intent is None:
                self._keeper = None
                self._outcome.settle(None)
                return

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        """By itself, or by a bug: then the health monitor has it begin again."""
        if keeper.cancelled():
            self._keeper = None
            return
        if keeper.exception() is None:
            return
        log.critical(
            "Keeping the voice connection of guild %d failed, which is a bug",
            self.guild_id,
            exc_info=keeper.exception(),
            extra=events.BUG(),
        )
        self._keeper = None
        failure = JoinFailed(BUG)
        self.rest.begin(failure, self._clock.time())
        self._outcome.settle(failure)

    @property
    def _needed(self) -> bool:
        """Whether something is not as it should be, and can be done about now."""
        connected_to = self.connected_to
        if self.intent is None:
            return connected_to is not None or self.presence.possible or self._keeper is not None
        if self._gone is not None:
            return True
        if connected_to is None:
            return self.rest.failure is None or self._displaced
        whereabouts = self.presence.whereabouts
        fits = self.intent == connected_to == whereabouts.channel_id
        return not fits or whereabouts.complete or whereabouts.allocating

    @property
    def _displaced(self) -> bool:
        """Somebody has taken us out of the channel where we are wanted."""
        return self.intent is not None and self.presence.displaced_from == self.intent

    async def _operate(self) -> bool:
        """What is needed now that the lock is ours. Whether it has come to its end with us in no channel."""
        if self.intent is None:
            await self._leave()
            return True
        if not self._needed:
            return False
        scope = self._scope = asyncio.timeout(None)
        try:
            async with scope:
                return await self._put_right()
        except TimeoutError:
            if not scope.expired():
                raise
            log.info("What was being done in guild %d is not wanted any more", self.guild_id)
            return False
        finally:
            self._scope = None

    async def _leave(self) -> None:
        channel_id = self.connected_to
        await self.reception.drop("we left")
        self._lost = None
        if self.presence.possible:
            await self.presence.leave()
        if channel_id is not None:
            await self.attempts.put_region_back(channel_id)

    async def _put_right(self) -> bool:
        """Connected to where we are wanted, or resting after a failure; or out for good: True."""
        channel_id = self.intent
        try:
            failure = self._gone or await self._what_happened(channel_id)
            if failure is not None:
                reason = explain(failure).reason
                self.reception.detach(reason)
                self._give_up(failure)
                await self.reception.drop(reason)
                return True
            if not await self.attempts.follow(self.intent):
                if self.connected_to not in (None, self.intent):
                    await self.reception.drop("we move to another channel")
                await self.uptime.pause()
                channel_id = self.intent
                if channel_id is not None:
                    await self.attempts.round(channel_id)
        except JoinFailed as failed:
            return await self._failed(channel_id, failed)
        if self.connected_to == self.intent:
            self._succeeded()
        await self.reception.close_earlier("another one has taken its place")
        return False

    async def _what_happened(self, wanted: int | None) -> Failure | None:
        """Why we are to stay away, or None; then ``intent`` is where we are to be. Raises ``JoinFailed``."""
        lost, self._lost = self._lost, None
        displaced, connected_to = self._displaced, self.connected_to
        here = connected_to is not None and connected_to == self.intent
        if displaced:
            self._renewed = False  # to be taken out of the channel, we have been in it since
        if self._renewed or not (lost or displaced or here):
            return None  # we have to come anew, there was no connection yet, or people want us elsewhere
        if lost is not None:
            extra = events.VOICE_LOST(
                guild_id=self.guild_id, channel_id=wanted, voice_close_code=lost.close_code
            )
            log.warning("Voice ended in guild %d: %s", self.guild_id, explain(lost).reason, extra=extra)
            if lost.rung is Rung.STOP:
                await self.presence.leave()
                return lost
            if lost.rung is Rung.COOL_DOWN:
                raise JoinFailed(lost, pause_s=COOL_DOWN_S)
        if lost is None or displaced or lost.rung is Rung.WAIT:
            await self.presence.hear_what_next()
        return self._follow_presence(wanted)

    def _follow_presence(self, wanted: int | None) -> Failure | None:
        """``intent`` becomes where Discord shows us; or why we are nowhere. Raises ``JoinFailed``."""
        if self._renewed or self.intent != wanted:
            return None
        self.presence.displaced_from = None
        if self.presence.foreign:  # neither fight the other process, nor take its leaving for ours
            raise JoinFailed(Failure(Step.VOICE_STATE_UPDATE, detail=DUPLICATE))
        if self.presence.channel_id is None:
            return self._gone or DISCONNECTED
        self.intent = self.presence.channel_id
        return None

    def _succeeded(self) -> None:
        failed_before, self._failed_before = self._failed_before, False
        self._renewed, self._lost = False, None
        self.uptime.absent(False)
        self._outcome.settle(None)
        if failed_before:
            self._shared.observer.joined(self.guild_id)

    async def _failed(self, channel_id: int | None, failure: JoinFailed) -> bool:
        await self.reception.drop(str(failure))
        if not self.presence.foreign:
            await self.presence.leave()
        if self.intent != channel_id:  # an interruption is felt at the next await only
            return False
        if failure.final:
            self._outcome.settle(failure)
            self._give_up(failure.failure)
            return True
        extra = events.VOICE_WAITING(guild_id=self.guild_id, channel_id=channel_id)
        log.warning("Voice in guild %d has to wait: %s", self.guild_id, failure, extra=extra)
        failed_before, self._failed_before = self._failed_before, True
        self.rest.begin(failure, self._clock.time())
        self._outcome.settle(failure)
        if not failed_before:
            self._shared.observer.waiting(self.guild_id, str(failure))
        return False

    def _give_up(self, failure: Failure) -> None:
        """There is nothing to go back to; the keeper ends."""
        reason = explain(failure).summary
        log.warning("Voice in guild %d is over: %s", self.guild_id, reason)
        self.intent = None
        self._failed_before = self._renewed = False
        self.uptime.absent(False)
        self._outcome.settle(JoinFailed(failure, final=True))
        self._shared.observer.removed(self.guild_id, reason)

    def _connection_ended(self, failure: Failure) -> None:
        self.uptime.session_ended(self.reception.established_at)
        self._lost = failure
        self.uptime.absent(self.intent is not None)
        self._wake()
