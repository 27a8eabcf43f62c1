"""Voice in one guild: the intent to be in a channel, and the work of being there.

The intent outlives connections. One operation at a time (``lock``); a round is a few attempts with growing
pauses; while the intent stands, ``_keep`` follows where Discord moves us and takes up again what was lost.
"""

import asyncio
import logging
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from notetaker.model.audio import AudioFrame
from notetaker.model.outcome import Coverage
from notetaker.model.voice import VoiceServer, VoiceState
from notetaker.voice.arrivals import Arrivals
from notetaker.voice.backoff import delay_s
from notetaker.voice.connection import VoiceConnection
from notetaker.voice.ports import JoinFailed, MainGateway, SessionSink
from notetaker.voice.presence import AttemptFailed, Presence
from notetaker.wire.close_codes import Rung, close_code
from notetaker.wire.commands import Ended
from notetaker.wire.whereabouts import Credentials

log = logging.getLogger(__name__)

LEAVE_PAUSE_S = 1.0
"""After leaving, Discord wants a moment before it gives a new session."""
WHAT_NEXT_S = 3.0
"""How long after close code 4014 or 4022 the main gateway takes to tell what happened."""
ALLOCATION_S = 60.0
"""How long Discord may take to allocate another voice server, once it has said that it does."""
ROUND_PAUSE_S = 60.0
"""Between rounds, while the intent stands."""

MOVED = "Discord moved the call to another voice server."
DISCONNECTED = "I was disconnected from the voice channel."


@dataclass(frozen=True, slots=True)
class Limits:
    connection_timeout_s: float
    """For a whole attempt."""
    retry_attempts: int
    """Attempts in a round."""


class GuildVoice:
    """``on_removed(guild_id, reason)`` is called when Discord has taken us out of the channel for good."""

    def __init__(
        self,
        guild_id: int,
        gateway: MainGateway,
        limits: Limits,
        http: aiohttp.ClientSession,
        tls: ssl.SSLContext,
        on_removed: Callable[[int, str], None],
    ) -> None:
        self.guild_id = guild_id
        self.lock = asyncio.Lock()
        self.intent: int | None = None
        """The channel that we are to be in."""
        self._presence = Presence(guild_id, gateway)
        self._limits = limits
        self._http = http
        self._tls = tls
        self._on_removed = on_removed
        self._rng = random.Random()  # noqa: S311 - spreads delays, keeps no secret
        self._connection: VoiceConnection | None = None  # the established one
        self._keeper: asyncio.Task[None] | None = None
        self._sink: SessionSink | None = None
        self._earlier: list[Coverage] = []

    # What people and the main gateway want

    async def join(self, channel_id: int) -> None:
        """Returns when connected to ``channel_id``. Raises ``JoinFailed`` after a round without success."""
        async with self.lock:
            if self.connected_to == channel_id:
                return
            await self._stop_keeping()
            await self._drop_connection("we move to another channel")
            self.intent = channel_id
            try:
                await self._round()
            except BaseException:
                self.intent = None
                await self._presence.leave()
                raise
            self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="voice keeper")
            self._keeper.add_done_callback(_report_bug)

    async def leave(self) -> None:
        await self._stop_keeping()  # it may be in the middle of a round, and hold the lock
        async with self.lock:
            self.intent = None
            await self._stop_keeping()
            await self._drop_connection("we left")
            await self._presence.leave()

    def record(self, sink: SessionSink | None) -> None:
        """From now on frames go to ``sink``, and coverage counts from zero."""
        self._sink = sink
        self._earlier = []
        if self._connection is not None:
            self._connection.session.receiver.restart_counts()
            self._open_sink(self._connection)

    @property
    def connected_to(self) -> int | None:
        """The channel of the live connection."""
        connection = self._connection
        if connection is None or connection.ended.done():
            return None
        return connection.session.credentials.channel_id

    def coverage(self) -> list[Coverage]:
        """Per speaker, over all sessions of the current recording."""
        speakers: dict[int, Coverage] = {}
        live = [] if self._connection is None else self._connection.coverage()
        for part in [*self._earlier, *live]:
            whole = speakers.setdefault(part.user_id, Coverage(part.user_id))
            whole.outcomes.update(part.outcomes)
            whole.lost += part.lost
        return [speakers[user_id] for user_id in sorted(speakers)]

    def voice_state_update(self, state: VoiceState) -> None:
        self._presence.voice_state_update(state)

    def voice_server_update(self, server: VoiceServer) -> None:
        self._presence.voice_server_update(server)

    # Listener of the established connection

    def speaker_joined(self, user_id: int, ssrc: int, now: float) -> None:
        if self._sink is not None:
            self._sink.speaker_joined(user_id, ssrc, now)

    def speaker_left(self, user_id: int, now: float) -> None:
        if self._sink is not None:
            self._sink.speaker_left(user_id, now)

    def frame(self, frame: AudioFrame) -> None:
        if self._sink is not None:
            self._sink.frame(frame)

    # Connections: one at a time is established, and the sink knows of that one

    async def _connect(self, credentials: Credentials) -> None:
        """Establishes a connection. Raises ``AttemptFailed``.

        A live one goes on being heard until the new one takes its place.
        """
        arrivals = Arrivals()
        connection = VoiceConnection(credentials, self._http, self._tls, arrivals)
        try:
            ended = await connection.open()
        except BaseException:
            await self._discard(connection, arrivals, "The attempt was given up.")
            raise
        if ended is None and self._presence.channel_id != credentials.channel_id:
            ended = Ended("Discord says that we are not in the channel.")
        if ended is not None:
            await self._discard(connection, arrivals, ended.reason)
            raise AttemptFailed(ended.reason, _rung(ended))
        replaced = self._detach(MOVED)
        self._adopt(connection, arrivals)
        log.info(
            "Voice is up in guild %d, channel %d (%s, DAVE %d)",
            self.guild_id, credentials.channel_id, connection.session.mode, connection.session.dave.version,
        )  # fmt: skip
        if replaced is not None:
            await replaced.close(MOVED)

    async def _discard(self, connection: VoiceConnection, arrivals: Arrivals, reason: str) -> None:
        """Closes a connection that did not become ours. What it heard all the same was heard."""
        connection.end(reason)
        if arrivals.any_sound and self._connection is None:
            self._adopt(connection, arrivals)
            self._detach(reason)
        await connection.close(reason)

    def _adopt(self, connection: VoiceConnection, arrivals: Arrivals) -> None:
        """From here on this is our connection."""
        self._connection = connection
        connection.ended.add_done_callback(lambda _: self._presence.changed.set())
        self._open_sink(connection)
        arrivals.pass_on(self)
        connection.listener = self

    def _open_sink(self, connection: VoiceConnection) -> None:
        """Tells the sink of the session and of everyone named in it so far."""
        if self._sink is None:
            return
        now = asyncio.get_running_loop().time()
        self._sink.session_opened(now)
        for ssrc, user_id in connection.session.receiver.speakers():
            self._sink.speaker_joined(user_id, ssrc, now)

    def _detach(self, reason: str) -> VoiceConnection | None:
        """Ends our connection, keeps its counts, tells the sink. What is left is to await its closing.

        All of this happens at once, so that it is done whole also when the closing is cancelled.
        """
        connection = self._connection
        if connection is None:
            return None
        connection.end(reason)  # nothing is heard from it after this
        self._connection = None
        self._earlier += connection.coverage()
        if self._sink is not None:
            self._sink.session_closed(asyncio.get_running_loop().time(), reason)
        return connection

    async def _drop_connection(self, reason: str) -> None:
        connection = self._detach(reason)
        if connection is not None:
            await connection.close(reason)

    # Attempts and rounds

    async def _round(self) -> None:
        """A few attempts. Raises ``JoinFailed`` with the last one's reason."""
        attempts = self._limits.retry_attempts
        for attempt in range(1, attempts + 1):
            try:
                await self._attempt()
                return
            except AttemptFailed as failure:
                log.warning(
                    "Voice attempt %d of %d in guild %d failed: %s",
                    attempt, attempts, self.guild_id, failure,
                )  # fmt: skip
                if failure.rung is Rung.STOP:
                    raise JoinFailed(str(failure), final=True) from failure
                if attempt == attempts:
                    tries = "once" if attempts == 1 else f"{attempts} times"
                    raise JoinFailed(f"Tried {tries} without success. {failure}") from failure
            await asyncio.sleep(delay_s(attempt, self._rng))

    async def _attempt(self) -> None:
        assert self.intent is not None
        await self._drop_connection("we start anew")
        if self._presence.channel_id is not None:  # a stale state of ours: leave it behind
            await self._presence.leave()
            await asyncio.sleep(LEAVE_PAUSE_S)
        timeout_s = self._limits.connection_timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                await self._connect(await self._presence.ask(self.intent))
        except TimeoutError:
            raise AttemptFailed(f"The voice connection was not up within {timeout_s:.0f} s.") from None

    # Keeping what was established

    async def _keep(self) -> None:
        """While the intent stands."""
        while True:
            while not self._disturbed:
                self._presence.changed.clear()
                await self._presence.changed.wait()
            reason = await self._take_up_again()
            if reason is not None:
                self.intent = None
                self._keeper = None
                self._on_removed(self.guild_id, reason)
                return

    @property
    def _disturbed(self) -> bool:
        """Whether the connection has ended, or Discord says something that it does not fit."""
        whereabouts = self._presence.whereabouts
        return self.connected_to is None or (
            whereabouts.complete or whereabouts.allocating or whereabouts.channel_id != self.connected_to
        )

    async def _take_up_again(self) -> str | None:
        """Returns None when connected again, or why there is nothing to go back to."""
        async with self.lock:
            reason = await self._what_happened()
            if reason is not None:
                await self._drop_connection(reason)
                return reason
        while True:
            async with self.lock:
                try:
                    if not await self._change_over():
                        await self._round()
                    return None
                except JoinFailed as failure:
                    log.warning("Voice in guild %d is lost for now: %s", self.guild_id, failure)
                    if failure.final:
                        await self._presence.leave()
                        return str(failure)
            await asyncio.sleep(ROUND_PAUSE_S)

    async def _what_happened(self) -> str | None:
        """Why we are to stay away, or None; then ``intent`` is where Discord shows us."""
        ended = self._connection.ended.result() if self._connection and self.connected_to is None else None
        if ended is not None:
            log.warning("Voice ended in guild %d: %s", self.guild_id, ended.reason)
            if _rung(ended) is Rung.STOP:
                await self._presence.leave()
                return ended.reason
        if ended is None or _rung(ended) is Rung.WAIT:
            await self._hear_what_next()
        if self._presence.channel_id is None:
            return DISCONNECTED
        self.intent = self._presence.channel_id
        return None

    async def _hear_what_next(self) -> None:
        """Moved, migrated or kicked: waits for the word of the main gateway, which may never come."""
        whereabouts = self._presence.whereabouts
        wait_s = ALLOCATION_S if whereabouts.allocating else WHAT_NEXT_S
        try:
            async with asyncio.timeout(wait_s):
                while whereabouts.channel_id is not None and not whereabouts.complete:
                    self._presence.changed.clear()
                    await self._presence.changed.wait()
        except TimeoutError:
            log.info("Discord has not said what became of the call in guild %d", self.guild_id)

    async def _change_over(self) -> bool:
        """Connects with the pair that Discord has sent unasked, if it has."""
        credentials = self._presence.whereabouts.take()
        if credentials is None:
            return False
        try:
            async with asyncio.timeout(self._limits.connection_timeout_s):
                await self._connect(credentials)
        except (AttemptFailed, TimeoutError) as failure:
            log.warning("Following the call in guild %d failed: %s", self.guild_id, failure)
            return False
        return True

    async def _stop_keeping(self) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)


def _rung(ended: Ended) -> Rung:
    return Rung.NEW_SESSION if ended.close_code is None else close_code(ended.close_code).rung


def _report_bug(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.critical("Keeping a voice connection failed", exc_info=task.exception())
