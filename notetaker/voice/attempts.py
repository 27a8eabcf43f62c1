"""Attempts to connect in one guild: a single one, a round of them, or following a call that Discord moves."""

import asyncio
import logging
import random
import ssl
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from notetaker.model import events
from notetaker.model.failure import Failure, Rung, Step
from notetaker.model.voice_status import VoiceTotals
from notetaker.voice.backoff import delay_s
from notetaker.voice.connection import VoiceConnection
from notetaker.voice.decision import COOL_DOWN_S
from notetaker.voice.duplicate_bot import DuplicateDetector
from notetaker.voice.ports import JoinFailed, MainGateway, VoiceObserver
from notetaker.voice.presence import AttemptFailed, Presence
from notetaker.voice.reception import Reception
from notetaker.voice.regions import Regions
from notetaker.voice.settings import VoiceSettings
from notetaker.voice.timing import Clock
from notetaker.voice.trace.writer import Trace, Tracer
from notetaker.wire.events import Heard
from notetaker.wire.explanations import explain
from notetaker.wire.patience import Patience
from notetaker.wire.whereabouts import Credentials

log = logging.getLogger(__name__)

LEAVE_PAUSE_S = 1.0
"""Pause after leaving: Discord needs a moment before it gives a new session."""
REGION_S = 45.0
"""Limit for changing a channel's voice region: two requests to Discord, after those of another guild."""

MOVED = "Discord moved the call to another voice server."


@dataclass(slots=True)
class Shared:
    """What all guilds have in common. Settings, tracer and observer may be replaced at any time."""

    gateway: MainGateway
    http: aiohttp.ClientSession
    tls: ssl.SSLContext
    clock: Clock
    settings: VoiceSettings
    tracer: Tracer
    observer: VoiceObserver
    totals: VoiceTotals
    duplicates: DuplicateDetector
    regions: Regions


class Attempts:
    def __init__(
        self, guild_id: int, shared: Shared, clock: Clock, presence: Presence, reception: Reception
    ) -> None:
        self.number = 0
        """Number of the attempt under way, from 1."""
        self._guild_id = guild_id
        self._shared = shared
        self._clock = clock
        self._presence = presence
        self._reception = reception
        self._patience = Patience()
        self._step = Step.CREDENTIALS  # of the attempt under way, when it was given up
        self._rng = random.Random()  # noqa: S311 - spreads delays, keeps no secret

    @property
    def patience_s(self) -> float:
        """Upper bound for a round, with everything that may belong to it."""
        settings = self._shared.settings
        tries = settings.retry_attempts + len(settings.regions)
        return tries * (settings.connection_timeout_s + 45.0)

    async def round(self, channel_id: int) -> None:
        """Make a few attempts with growing pauses. Raises ``JoinFailed`` with the failure of the last one.

        Return without being connected if somebody moves or disconnects us meanwhile.
        """
        try:
            failure = await self._some(channel_id)
            if failure is not None and not self._over(channel_id, failure):
                failure = await self._elsewhere(channel_id, failure)
        finally:
            self.number = 0
        if failure is None or self._presence.displaced_from == channel_id:
            return
        self._shared.totals.rounds_failed += 1
        if failure.rung is Rung.STOP:
            raise JoinFailed(failure, final=True)
        if failure.rung is Rung.COOL_DOWN:
            raise JoinFailed(failure, pause_s=COOL_DOWN_S)
        duplicate = self._shared.duplicates.duplicate(self._clock.time())
        tries = self._shared.settings.retry_attempts
        raise JoinFailed(failure, tries=tries, hint=duplicate or "")

    async def follow(self, channel_id: int | None) -> bool:
        """Connect with the pair that Discord has sent unasked, and return True, if it is for this channel.

        The current connection is heard until then.
        """
        credentials = self._presence.whereabouts.take()
        if credentials is None or credentials.channel_id != channel_id:
            return False
        return await self._replace(channel_id, credentials, "Following the call")

    async def renew(self, channel_id: int) -> bool:
        """Ask for another session in the channel without leaving it, and return True, if this one is doomed.

        Opcode 4 for the channel where we are brings a new pair (discord.js, ``VoiceConnection.rejoin``). A second
        opcode 1 would be less, but nobody documents what becomes of keys and group after it.
        """
        if not self._reception.doomed or self._reception.channel_id != channel_id:
            return False
        return await self._replace(channel_id, channel_id, "Replacing a session without sound")

    async def _replace(self, channel_id: int, target: int | Credentials, what: str) -> bool:
        """Connect, and only then give up the connection that there is; return whether that succeeded."""
        trace = self._begin(channel_id, 0, 0)
        try:
            with self._counted(trace):
                await self._timed(target, trace)
        except AttemptFailed as failed:
            self._log(failed.failure, channel_id, 0, what)
            return False
        return True

    async def _some(self, channel_id: int) -> Failure | None:
        """Make the attempts of a round. Return the last failure, or None when connected."""
        attempts = self._shared.settings.retry_attempts
        failure: Failure | None = None
        for number in range(1, attempts + 1):
            try:
                await self._one(channel_id, number, attempts)
                return None
            except AttemptFailed as failed:
                failure = failed.failure
                self._log(failure, channel_id, number, f"Voice attempt {number} of {attempts}")
            if failure.rung is Rung.WAIT:
                await self._presence.hear_what_next()
            if self._over(channel_id, failure):
                break
            if number < attempts:
                await self._clock.sleep(delay_s(number, self._rng))
        return failure

    def _log(self, failure: Failure, channel_id: int | None, number: int, what: str) -> None:
        extra = events.VOICE_ATTEMPT_FAILED(
            guild_id=self._guild_id,
            channel_id=channel_id,
            attempt=number,
            voice_close_code=failure.close_code,
        )
        log.warning("%s in guild %d failed: %s", what, self._guild_id, explain(failure).summary, extra=extra)

    def _over(self, channel_id: int, failure: Failure) -> bool:
        """Return True if another attempt would be of no use."""
        return failure.rung in (Rung.STOP, Rung.COOL_DOWN) or self._presence.displaced_from == channel_id

    async def _elsewhere(self, channel_id: int, failure: Failure) -> Failure | None:
        """Try the other voice regions, if allowed. Return the last failure, or None when connected."""
        for region in self._shared.settings.regions:
            if not await self._in_time(self._shared.regions.change(channel_id, region)):
                break
            try:
                await self._one(channel_id, 1, 1)
                log.warning("Guild %d is connected via region %s", self._guild_id, region)
                return None
            except AttemptFailed as failed:
                failure = failed.failure
                self._log(failure, channel_id, 1, f"Voice via region {region}")
        await self.put_region_back(channel_id)
        return failure

    async def put_region_back(self, channel_id: int) -> None:
        """Restore the channel's voice region. If that fails, the health monitor tries again."""
        await self._in_time(self._shared.regions.put_back(channel_id))

    async def _in_time(self, change: Coroutine[Any, Any, bool]) -> bool:
        """Return True if the change was made in time."""
        try:
            async with self._clock.timeout(REGION_S):
                return await change
        except TimeoutError:
            log.warning("Changing a voice region in guild %d took too long", self._guild_id)
            return False

    async def _one(self, channel_id: int, number: int, of: int) -> None:
        """Leave what is stale, ask for a pair, connect. Raises ``AttemptFailed``."""
        self.number = number
        self._shared.totals.retries += number > 1
        trace = self._begin(channel_id, number, of)
        with self._counted(trace):
            await self._reception.drop("we start over")
            self._presence.check_displaced(channel_id)
            if self._presence.possible:  # a stale state of ours, or a ghost's: leave it behind
                await self._presence.leave()
                trace.note("left")
                await self._clock.sleep(LEAVE_PAUSE_S)
            await self._timed(channel_id, trace)

    def _begin(self, channel_id: int, number: int, of: int) -> Trace:
        self._shared.totals.attempts += 1
        trace = self._shared.tracer.attempt(self._guild_id, channel_id, number, of)
        self._presence.trace = trace
        self._step = Step.CREDENTIALS
        return trace

    @contextmanager
    def _counted(self, trace: Trace) -> Iterator[None]:
        """Count the result of an attempt, and end its trace with it."""
        totals = self._shared.totals
        try:
            yield
        except asyncio.CancelledError:
            trace.end("cancelled: superseded by a newer request")
            raise
        except AttemptFailed as failed:
            totals.failures[failed.failure.step] += 1
            if failed.failure.timed_out:
                totals.timeouts[failed.failure.step] += 1
            trace.end(explain(failed.failure).summary)
            raise
        totals.established += 1
        trace.end(f"established in channel {self._reception.channel_id}")

    async def _timed(self, target: int | Credentials, trace: Trace) -> None:
        """Connect to a channel, or with credentials for it, in time. Raises ``AttemptFailed``."""
        timeout_s = self._shared.settings.connection_timeout_s
        try:
            async with self._clock.timeout(timeout_s):
                credentials = target if isinstance(target, Credentials) else await self._presence.ask(target)
                await self._connect(credentials, trace)
        except TimeoutError:
            detail = f"The voice connection was not up within {timeout_s:.0f} s; it had come to {self._step}."
            raise AttemptFailed(Failure(self._step, timed_out=True, detail=detail)) from None

    async def _connect(self, credentials: Credentials, trace: Trace) -> None:
        """Establish a connection; a live one is heard until this one takes its place. Raises ``AttemptFailed``."""
        arrivals: list[Heard] = []
        shared = self._shared
        connection = VoiceConnection(
            credentials,
            shared.http,
            shared.tls,
            arrivals.append,
            trace,
            shared.totals,
            self._patience,
            shared.settings.paces,
        )
        self._reception.screen(connection)
        try:
            failure = await connection.open()
        except BaseException:
            self._step = connection.session.step
            reason = "The attempt was given up."
            self._reception.heard_before(connection, arrivals, reason)
            await connection.close(reason)
            raise
        if failure is None and self._presence.channel_id != credentials.channel_id:
            detail = "Discord says that we are not in the channel."
            failure = Failure(Step.ESTABLISHED, detail=detail)
        if failure is not None:
            reason = explain(failure).reason
            self._reception.heard_before(connection, arrivals, reason)
            await connection.close(reason)
            raise AttemptFailed(failure)
        self._reception.detach(MOVED)
        self._reception.adopt(connection, arrivals)
        log.info(
            "Voice is up in guild %d, channel %d (%s, DAVE %d)",
            self._guild_id, credentials.channel_id, connection.session.mode, connection.session.dave.version,
            extra=events.VOICE_UP(guild_id=self._guild_id, channel_id=credentials.channel_id),
        )  # fmt: skip
