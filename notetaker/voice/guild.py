"""Voice in one guild: the intent to be in a channel, and the work of being there.

The intent outlives connections. One operation at a time (``lock``); a round is a few attempts with growing
pauses; while the intent stands, ``_keep`` takes up again what was lost.
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
from notetaker.voice.backoff import delay_s
from notetaker.voice.connection import VoiceConnection
from notetaker.voice.ports import JoinFailed, MainGateway, SessionSink
from notetaker.wire.close_codes import Rung, close_code
from notetaker.wire.commands import Ended
from notetaker.wire.credentials import Credentials, JoinProgress

log = logging.getLogger(__name__)

CREDENTIALS_TIMEOUT_S = 10.0
"""Discord answers opcode 4 within a second, or never."""
LEAVE_PAUSE_S = 1.0
"""After leaving, Discord wants a moment before it gives a new session."""
WHAT_NEXT_S = 3.0
"""How long after close code 4014 or 4022 the main gateway takes to tell what happened."""
ROUND_PAUSE_S = 60.0
"""Between rounds, while the intent stands."""


@dataclass(frozen=True, slots=True)
class Limits:
    connection_timeout_s: float
    """For a whole attempt."""
    retry_attempts: int
    """Attempts in a round."""


class AttemptFailed(Exception):
    def __init__(self, reason: str, rung: Rung = Rung.NEW_SESSION) -> None:
        super().__init__(reason)
        self.rung = rung


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
        self._gateway = gateway
        self._limits = limits
        self._http = http
        self._tls = tls
        self._on_removed = on_removed
        self._rng = random.Random()  # noqa: S311 - spreads delays, keeps no secret
        self._connection: VoiceConnection | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._sink: SessionSink | None = None
        self._sink_open = False  # the sink has been told of the present session
        self._earlier: list[Coverage] = []
        self._own_channel: int | None = None
        self._progress: JoinProgress | None = None
        self._told = asyncio.Event()  # the main gateway has told something about us in this guild

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
                await self._leave_politely()
                raise
            self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="voice keeper")
            self._keeper.add_done_callback(_report_bug)

    async def leave(self) -> None:
        await self._stop_keeping()  # it may be in the middle of a round, and hold the lock
        async with self.lock:
            self.intent = None
            await self._stop_keeping()
            await self._drop_connection("we left")
            await self._leave_politely()

    def record(self, sink: SessionSink | None) -> None:
        """From now on frames go to ``sink``, and coverage counts from zero."""
        self._sink = sink
        self._sink_open = False
        self._earlier = []
        if self._connection is not None:
            self._connection.session.receiver.restart_counts()
            if self._connection.was_established:
                self._open_sink(asyncio.get_running_loop().time())

    @property
    def connected_to(self) -> int | None:
        """The channel of the live connection."""
        connection = self._connection
        if connection is None or connection.ended.done():
            return None
        return connection.session.credentials.channel_id

    @property
    def connection(self) -> VoiceConnection | None:
        return self._connection

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
        if state.user_id != self._gateway.user_id:
            return
        self._own_channel = state.channel_id
        if self._progress is not None:
            self._progress.voice_state(state)
        elif self.connected_to is not None and state.channel_id != self.connected_to:
            self._told_elsewhere(state.channel_id)
        self._told.set()

    def voice_server_update(self, server: VoiceServer) -> None:
        if self._progress is not None:
            self._progress.voice_server(server)
        elif self._connection is not None and self.connected_to is not None:
            live = self._connection.session.credentials
            if (server.token, server.endpoint) != (live.token, live.endpoint):
                self._connection.end("Discord moved the call to another voice server.")
        self._told.set()

    def _told_elsewhere(self, channel_id: int | None) -> None:
        """A moderator moved or removed us: the live connection has no future."""
        assert self._connection is not None
        if channel_id is None:
            self._connection.end("We were disconnected from the voice channel.")
        else:
            self.intent = channel_id
            self._connection.end("We were moved to another voice channel.")

    # Listener of the connection

    def speaker_joined(self, user_id: int, ssrc: int, now: float) -> None:
        if self._sink is not None and self._sink_open:
            self._sink.speaker_joined(user_id, ssrc, now)

    def speaker_left(self, user_id: int, now: float) -> None:
        if self._sink is not None and self._sink_open:
            self._sink.speaker_left(user_id, now)

    def frame(self, frame: AudioFrame) -> None:
        if self._sink is not None:
            self._open_sink(frame.arrival)
            self._sink.frame(frame)

    def _open_sink(self, now: float) -> None:
        """Tells the sink, once, of the session and of everyone named in it so far.

        A session's first frames come before the attempt knows that it has succeeded.
        """
        if self._sink is None or self._sink_open or self._connection is None:
            return
        self._sink_open = True
        self._sink.session_opened(now)
        for ssrc, user_id in self._connection.session.receiver.speakers():
            self._sink.speaker_joined(user_id, ssrc, now)

    # Attempts, rounds, keeping

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
        if self._own_channel is not None:  # a stale state of ours: leave it behind
            await self._leave_politely()
            await asyncio.sleep(LEAVE_PAUSE_S)
        timeout_s = self._limits.connection_timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                credentials = await self._ask_for_credentials(self.intent)
                await self._connect(credentials)
        except TimeoutError:
            await self._drop_connection("the attempt took too long")
            raise AttemptFailed(f"The voice connection was not up within {timeout_s:.0f} s.") from None

    async def _ask_for_credentials(self, channel_id: int) -> Credentials:
        """Sends opcode 4 and waits for the pair that belongs to it."""
        progress = self._progress = JoinProgress(self.guild_id, channel_id, self._gateway.user_id)
        try:
            await self._gateway.update_voice_state(self.guild_id, channel_id)
            async with asyncio.timeout(CREDENTIALS_TIMEOUT_S):
                while progress.credentials is None:
                    self._told.clear()
                    await self._told.wait()
                return progress.credentials
        except ConnectionError as error:
            raise AttemptFailed("The connection to Discord itself is down at the moment.") from error
        except TimeoutError:
            raise AttemptFailed(
                f"Discord sent no {progress.missing} within {CREDENTIALS_TIMEOUT_S:.0f} s: "
                "is the channel full, or is the Connect permission missing?"
            ) from None
        finally:
            self._progress = None

    async def _connect(self, credentials: Credentials) -> None:
        connection = VoiceConnection(credentials, self._http, self._tls, self)
        self._connection = connection
        try:
            ended = await connection.open()
        except BaseException:
            await self._drop_connection("the attempt was given up")
            raise
        if ended is None and self._own_channel != credentials.channel_id:
            ended = Ended("Discord says that we are not in the channel.")
        if ended is not None:
            await self._drop_connection(ended.reason)
            raise AttemptFailed(ended.reason, _rung(ended))
        log.info(
            "Voice is up in guild %d, channel %d (%s, DAVE %d)",
            self.guild_id, credentials.channel_id, connection.session.mode, connection.session.dave.version,
        )  # fmt: skip
        self._open_sink(asyncio.get_running_loop().time())

    async def _keep(self) -> None:
        """While the intent stands: waits for the connection to end, and makes a new one."""
        while True:
            assert self._connection is not None
            ended = await asyncio.shield(self._connection.ended)
            log.warning("Voice ended in guild %d: %s", self.guild_id, ended.reason)
            async with self.lock:
                await self._drop_connection(ended.reason)
                reason = await self._removal(ended)
            while reason is None:
                async with self.lock:
                    try:
                        await self._round()
                        break
                    except JoinFailed as failure:
                        log.warning("Voice in guild %d is lost for now: %s", self.guild_id, failure)
                        if failure.final:
                            await self._leave_politely()
                            reason = str(failure)
                            break
                await asyncio.sleep(ROUND_PAUSE_S)
            if reason is not None:
                self.intent = None
                self._keeper = None
                self._on_removed(self.guild_id, reason)
                return

    async def _removal(self, ended: Ended) -> str | None:
        """Why there is nothing to take up again, or None."""
        rung = _rung(ended)
        if rung is Rung.STOP:
            await self._leave_politely()
            return ended.reason
        if rung is Rung.WAIT and self._own_channel == self.intent:
            self._told.clear()
            try:
                async with asyncio.timeout(WHAT_NEXT_S):
                    await self._told.wait()
            except TimeoutError:
                return None  # Discord says nothing: a new session it is
        if self._own_channel is not None:
            self.intent = self._own_channel  # where a moderator has moved us
            return None
        return "I was disconnected from the voice channel."

    async def _drop_connection(self, reason: str) -> None:
        """Closes what there is, keeps its counts, and tells the sink if that had been told of it.

        All of it but the closing is done at once, so that it is done whole also when the closing is cancelled.
        """
        connection = self._connection
        if connection is None:
            return
        connection.end(reason)  # nothing is heard from it after this
        self._connection = None
        self._earlier += connection.coverage()
        if self._sink is not None and self._sink_open:
            self._sink.session_closed(asyncio.get_running_loop().time(), reason)
        self._sink_open = False
        await connection.close(reason)

    async def _leave_politely(self) -> None:
        try:
            await self._gateway.update_voice_state(self.guild_id, None)
        except ConnectionError:
            log.info("Could not leave voice in guild %d: the main gateway is down", self.guild_id)

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
