"""Voice in one guild: what people want, and the keeper that makes it so.

What is wanted outlives connections and changes at once (``want``). One task, the keeper, does all the work, one
operation at a time and under a lock: it gathers the facts and carries out what ``decide`` makes of them. When
something else is wanted, the operation is cancelled, so the last command wins.
"""

import asyncio
import logging
from dataclasses import replace

from notetaker.model import events
from notetaker.model.failure import DeadPath, Failure, Step
from notetaker.model.voice import VoiceServer, VoiceState
from notetaker.voice.attempts import Attempts, Shared
from notetaker.voice.decision import Connect, Facts, Follow, GiveUp, Leave, Listen, Rest, Stay, after, decide
from notetaker.voice.downtime import Downtime
from notetaker.voice.ports import JoinFailed
from notetaker.voice.presence import ALLOCATION_S, WHAT_NEXT_S, Presence
from notetaker.voice.reception import Reception
from notetaker.voice.renewals import Renewals
from notetaker.voice.retry_hold import RetryHold, Waiters
from notetaker.voice.timing import HoldersClock, TimedLock
from notetaker.wire.explanations import explain

log = logging.getLogger(__name__)

UNTIMED_S = 10.0
"""Seconds for the parts of an operation that have no limit of their own, which is to close connections."""
OVERDUE_S = 5.0
"""Seconds that the timer of a connection may be late."""

BUG = Failure(Step.ENDED, detail="The bot has a bug; its log has the details.")
SUPERSEDED = Failure(Step.ENDED, detail="A newer request has replaced this one.")


class GuildVoice:
    def __init__(self, guild_id: int, shared: Shared) -> None:
        self.guild_id = guild_id
        self.lock = TimedLock(shared.clock.time, lambda: UNTIMED_S)
        self.intent: int | None = None
        """The channel that is wanted."""
        self._shared = shared
        self._clock = clock = HoldersClock(shared.clock, self.lock)
        self.presence = Presence(guild_id, shared.gateway, shared.duplicates, clock)
        self.reception = Reception(clock, shared.totals, self._connection_ended, self._path_dead)
        self.attempts = Attempts(guild_id, shared, clock, self.presence, self.reception)
        self.downtime = Downtime(clock, shared.totals)
        self.hold = RetryHold()
        self._renewals = Renewals()
        self._waiters = Waiters()
        self._keeper: asyncio.Task[None] | None = None
        self._operation: asyncio.Timeout | None = None  # the current one, if it may be cancelled
        self._lost: Failure | None = None  # how our connection ended, until that is dealt with
        self._deleted = False  # the wanted channel
        self._unheard = False  # sound has not reached us, and people do not know yet

    # What people want

    def want(self, channel_id: int | None) -> None:
        """Change the wanted channel; None: no channel is wanted."""
        if channel_id != self.intent:
            self._waiters.settle(JoinFailed(SUPERSEDED, final=True))
            self.intent = channel_id
            self._deleted = False
            self._lost = self.presence.displaced_from = None
            self._renewals, self._unheard = Renewals(), False
            self.hold.forget()
            self.downtime.begin_anew()
            self._cancel_operation()
        self.hold.end()
        self.downtime.mark(down=channel_id is not None and self.connected_to is None)
        self._wake()

    async def settled(self, channel_id: int) -> None:
        """Return when connected to ``channel_id``, which was wanted. Raises ``JoinFailed`` after a failed round."""
        while self.connected_to != channel_id:
            if self.intent != channel_id:
                raise JoinFailed(SUPERSEDED, final=True)
            failure = self.hold.failure or await self._waiters.next_outcome()
            if failure is not None:
                raise failure

    async def leave(self) -> None:
        """Return when we have left, or another channel is wanted."""
        self.want(None)
        while self._keeper is not None and self.intent is None:
            await self._waiters.next_outcome()

    @property
    def connected_to(self) -> int | None:
        """The channel of the live connection."""
        return self.reception.channel_id

    # Events of the main gateway

    def voice_state_update(self, state: VoiceState) -> None:
        """Take a voice state of our own user."""
        self.presence.voice_state_update(state)
        self.reception.deafened(self.presence.deafened)
        if self.presence.foreign and state.channel_id is None:
            self.discord_is_back()  # the other process has left the channel to us

    def voice_server_update(self, server: VoiceServer) -> None:
        self.presence.voice_server_update(server)

    def channel_deleted(self, channel_id: int) -> None:
        if channel_id == self.intent:
            self._deleted = True
            self._cancel_operation()
            self._wake()

    def session_began(self, session_id: str) -> None:
        """Start over under a new session of the main gateway: it voids voice sessions (JDA, AudioWebSocket)."""
        connection = self.reception.connection
        if self.intent is None or (connection and connection.session.credentials.session_id == session_id):
            return
        self._lost = None
        self.presence.session_began()
        self._cancel_operation()  # an attempt has credentials of the old session
        self.reception.detach("the main connection to Discord was restarted")
        self.downtime.mark(down=True)
        self.discord_is_back()

    # What may end a rest

    def stir(self) -> None:
        """Take voice activity in the guild as a sign to try again."""
        if self.hold.stir(self._clock.time()):
            self._wake()

    def discord_is_back(self) -> None:
        """Try again, now that the main gateway is connected."""
        self.hold.discord_is_back()
        self._wake()

    async def check(self) -> None:
        """Put right what nobody else does, for the health monitor."""
        self.stir()
        if self.intent is not None:
            self._wake()
        elif self.presence.channel_id is not None and self._keeper is None and not self.presence.foreign:
            log.warning(
                "Stale voice state in guild %d: leaving the channel",
                self.guild_id,
                extra=events.VOICE_GHOST(guild_id=self.guild_id),
            )
            self._shared.totals.ghosts += 1
            async with self.lock:
                await self.presence.leave()

    @property
    def failure(self) -> str | None:
        """The reason why the guild's voice is not healthy, or None."""
        connection = self.reception.connection
        if self.lock.overdue_s:
            return f"an operation in guild {self.guild_id} is stuck, {self.lock.overdue_s:.0f} s overdue"
        if self.intent is not None and self._keeper is None and self.hold.failure is None:
            return f"the voice connection of guild {self.guild_id} is unattended"
        if connection is not None and connection.overdue_s > OVERDUE_S:
            return f"the voice connection of guild {self.guild_id} is not being served"
        return None

    @property
    def patience_s(self) -> float:
        """Upper bound for one operation, in seconds."""
        return self.attempts.patience_s + ALLOCATION_S + WHAT_NEXT_S

    @property
    def busy(self) -> bool:
        """We are in a channel, or something is wanted or under way."""
        return self._keeper is not None

    # The keeper

    def _cancel_operation(self) -> None:
        """Cancel the current operation at its next ``await``, because it is no longer wanted."""
        if self._operation is not None:
            operation, self._operation = self._operation, None
            operation.reschedule(0.0)

    def _wake(self) -> None:
        self.presence.changed.set()
        anything = self.intent is not None or self.connected_to is not None or self.presence.possible
        if self._keeper is None and anything:
            self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="voice keeper")
            self._keeper.add_done_callback(self._keeper_ended)

    async def _keep(self) -> None:
        """Do what the facts call for, until no channel is wanted and we are in none."""
        while True:
            while decide(self.facts) == Stay():
                self.presence.changed.clear()
                await self.presence.changed.wait()
            async with self.lock:
                out = await self._operate()
            if out and self.intent is None:
                self._keeper = None
                self._waiters.settle(None)
                return

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        """Report a bug that has ended the keeper; the health monitor starts another one."""
        if keeper.cancelled():
            self._keeper = None
            return
        if keeper.exception() is None:
            return
        log.critical(
            "The keeper of guild %d failed, which is a bug",
            self.guild_id,
            exc_info=keeper.exception(),
            extra=events.BUG(),
        )
        self._keeper = None
        failure = JoinFailed(BUG)
        self.hold.begin(failure, self._clock.time())
        self._waiters.settle(failure)

    @property
    def facts(self) -> Facts:
        whereabouts = self.presence.whereabouts
        return Facts(
            wanted=self.intent,
            connected=self.connected_to,
            shown=whereabouts.channel_id,
            server_changes=whereabouts.complete or whereabouts.allocating,
            deleted=self._deleted,
            lost=self._lost,
            displaced=self.intent is not None and self.presence.displaced_from == self.intent,
            foreign=self.presence.foreign,
            holding=self.hold.failure is not None,
        )

    async def _operate(self) -> bool:
        """Carry out one decision, now that the lock is ours; return True if we are in no channel after it."""
        if self.intent is None:
            await self._leave()
            return True
        operation = self._operation = asyncio.timeout(None)
        try:
            async with operation:
                return await self._put_right()
        except TimeoutError:
            if not operation.expired():
                raise
            log.info("Guild %d: operation cancelled, superseded by a newer request", self.guild_id)
            return False
        finally:
            self._operation = None

    async def _put_right(self) -> bool:
        """Connect, rest or give up; return True if given up."""
        decision = decide(self.facts)
        if isinstance(decision, Listen):
            await self.presence.hear_what_next()
            decision = decide(replace(self.facts, listened=True))
        if isinstance(decision, Stay | Leave | Listen):
            return False
        self._lost = self.presence.displaced_from = None  # what follows deals with it
        if isinstance(decision, Connect | Follow):
            self.intent = decision.channel_id
            moved = isinstance(decision, Follow)
            if moved:
                self._shared.observer.moved(self.guild_id)
            failure = await self._connect(decision.channel_id)
            if failure is None or self.intent != decision.channel_id:
                if moved:
                    self._shared.observer.moved(self.guild_id)
                return False
            decision = after(failure)
        if isinstance(decision, Rest):
            await self._rest(decision.failure)
            return False
        return await self._give_up(decision)

    async def _leave(self) -> None:
        channel_id = self.connected_to
        await self.reception.drop("we left")
        if self.presence.possible:
            await self.presence.leave()
        if channel_id is not None:
            await self.attempts.put_region_back(channel_id)

    async def _connect(self, channel_id: int) -> JoinFailed | None:
        """Connect with the server that Discord has named, or else with a round of attempts; return its failure."""
        try:
            if not (await self.attempts.follow(channel_id) or await self.attempts.renew(channel_id)):
                if self.connected_to not in (None, channel_id):
                    await self.reception.drop("we move to another channel")
                await self.downtime.pause()
                if self._lost is None:  # else what has happened meanwhile comes first: it may be a kick
                    await self.attempts.round(channel_id)
        except JoinFailed as failure:
            return failure
        if self.connected_to == self.intent:
            self._connected()
        await self.reception.close_earlier("another one has taken its place")
        return None

    def _connected(self) -> None:
        self._lost = None
        announced = self.hold.forget() or self._unheard
        self._unheard = False
        self.downtime.mark(down=False)
        self._waiters.settle(None)
        if announced:
            self._shared.observer.joined(self.guild_id)

    async def _rest(self, failure: JoinFailed) -> None:
        if not await self._withdraw(str(failure)):
            return
        log.warning(
            "Voice connection to guild %d failed, will retry: %s",
            self.guild_id,
            failure,
            extra=events.VOICE_WAITING(guild_id=self.guild_id, channel_id=self.intent),
        )
        self.hold.begin(failure, self._clock.time())
        self._waiters.settle(failure)
        if self.hold.announce():
            self._shared.observer.waiting(self.guild_id, str(failure))

    async def _give_up(self, decision: GiveUp) -> bool:
        failure = JoinFailed(decision.failure, final=True)
        reason = str(failure)
        if decision.leave and not await self._withdraw(reason):
            return False
        self.reception.detach(reason)
        log.warning("Gave up voice in guild %d: %s", self.guild_id, reason)
        self.intent = None
        self.hold.forget()
        self.downtime.mark(down=False)
        self._waiters.settle(failure)
        self._shared.observer.removed(self.guild_id, reason)
        await self.reception.drop(reason)
        return True

    async def _withdraw(self, reason: str) -> bool:
        """Disconnect and leave the channel; return False if something else is wanted meanwhile."""
        channel_id = self.intent
        await self.reception.drop(reason)
        if not self.presence.foreign:
            await self.presence.leave()
        return self.intent == channel_id  # a cancellation arrives at the next await only

    def _connection_ended(self, failure: Failure) -> None:
        self.downtime.session_ended(self.reception.established_at)
        self._lose(failure, told=self._unheard)

    def _path_dead(self, failure: Failure) -> None:
        """Replace a connection that no sound reaches, or leave it as it is because that was done a moment ago."""
        unheard = failure.path is DeadPath.UNHEARD
        if failure.path is None or self.intent is None or (unheard and self.presence.deafened):
            return
        if self._renewals.allow(failure.path, self._clock.time()):
            self._shared.totals.dead_paths += 1
            self.reception.doom(failure)
            self._lose(failure)
            self._unheard = True

    def _lose(self, failure: Failure, *, told: bool = False) -> None:
        self._lost = failure
        self.downtime.mark(down=self.intent is not None)
        if self.intent is not None and not told:
            extra = events.VOICE_LOST(
                guild_id=self.guild_id, channel_id=self.intent, voice_close_code=failure.close_code
            )
            log.warning("Voice ended in guild %d: %s", self.guild_id, explain(failure).reason, extra=extra)
        self._wake()
