"""All voice connections of the bot, one guild each, and the monitor of their health."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp

from notetaker.model.outcome import Coverage
from notetaker.model.voice import (
    ChannelDeleted,
    SessionBegan,
    SessionResumed,
    VoiceEvent,
    VoiceServer,
    VoiceState,
)
from notetaker.model.voice_status import VoiceStatus, VoiceTotals
from notetaker.voice.attempts import REGION_S, Shared
from notetaker.voice.duplicate_bot import Instances
from notetaker.voice.guild import GuildVoice
from notetaker.voice.ports import MainGateway, SessionSink
from notetaker.voice.regions import Regions
from notetaker.voice.status import guild_status, with_live
from notetaker.voice.timing import Clock, LoopClock, TimedLock
from notetaker.voice.trace.writer import Tracer
from notetaker.voice.websocket import tls_context

LOOK_S = 60.0
"""For the health monitor's look at one guild, beyond what is under way there."""


def _ignore(*_: object) -> None:
    """Nobody wants to know."""


class VoiceManager:
    """Create it inside the running event loop, ``run`` it, and ``close`` it at the end.

    ``on_removed(guild_id, reason)`` is called when the bot was taken out of a channel for good (kicked, or the
    connection is impossible); ``reason`` is a sentence for people. ``on_waiting(guild_id, reason)`` is called when a
    round of attempts has failed and the bot goes on trying, once until it is in the channel; ``on_joined(guild_id)``
    is called when a connection comes about after that.
    """

    def __init__(
        self,
        gateway: MainGateway,
        *,
        connection_timeout_s: float,
        retry_attempts: int,
        ca_file: Path | None,
        on_removed: Callable[[int, str], None] = _ignore,
        on_waiting: Callable[[int, str], None] = _ignore,
        on_joined: Callable[[int], None] = _ignore,
        health_interval_s: float = 60.0,
        regions: Sequence[str] = (),
        regions_file: Path | None = None,
        tracer: Tracer | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``regions`` are tried when a channel cannot be joined; ``regions_file`` keeps what they were."""
        self._clock = clock or LoopClock()
        self._shared = Shared(
            gateway=gateway,
            http=aiohttp.ClientSession(),
            tls=tls_context(ca_file),
            clock=self._clock,
            tracer=tracer or Tracer(None),
            totals=VoiceTotals(),
            instances=Instances(),
            regions=Regions(gateway, regions, regions_file),
            connection_timeout_s=connection_timeout_s,
            retry_attempts=retry_attempts,
        )
        self._on_removed = on_removed
        self._on_waiting = on_waiting
        self._on_joined = on_joined
        self._health_interval_s = health_interval_s
        self._next_check = self._clock.time() + health_interval_s
        self._checking = TimedLock(self._clock.time, lambda: LOOK_S)
        self._guilds: dict[int, GuildVoice] = {}
        self._closing = False

    def configure(
        self,
        *,
        connection_timeout_s: float,
        retry_attempts: int,
        health_interval_s: float,
        regions: Sequence[str],
        tracer: Tracer,
    ) -> None:
        """From the next attempt, and the next look of the health monitor, on."""
        self._shared.connection_timeout_s = connection_timeout_s
        self._shared.retry_attempts = retry_attempts
        self._shared.regions.names = tuple(regions)
        self._shared.tracer = tracer
        self._next_check += health_interval_s - self._health_interval_s
        self._health_interval_s = health_interval_s

    # What people want

    def want(self, guild_id: int, channel_id: int | None) -> None:
        """From now on this is wanted; what is under way for something else is interrupted."""
        self._guild(guild_id).want(None if self._closing else channel_id)

    def wanted(self, guild_id: int) -> int | None:
        """The channel in which the bot is to be, connected or not."""
        return self._guild(guild_id).intent

    async def join(self, guild_id: int, channel_id: int, sink: SessionSink | None = None) -> None:
        """Connects to the channel, and records it when a sink is given.

        Returns at once when already there. Raises ``JoinFailed`` after a round of attempts without success; unless
        that is ``final``, the bot goes on trying.
        """
        guild = self._guild(guild_id)
        self.want(guild_id, channel_id)
        await guild.settled(channel_id)
        if sink is not None:
            guild.reception.record(sink)

    async def settled(self, guild_id: int, channel_id: int) -> None:
        """What ``want`` has led to: returns and raises as ``join``, without asking for it once more."""
        await self._guild(guild_id).settled(channel_id)

    def record(self, guild_id: int, sink: SessionSink | None) -> None:
        """From now on gives the guild's frames to ``sink``; None: to nobody."""
        self._guild(guild_id).reception.record(sink)

    async def leave(self, guild_id: int) -> None:
        await self._guild(guild_id).leave()

    async def close(self) -> None:
        """Leaves where we are, and nowhere else: another process may use our token, and be in other guilds.

        What is wanted from now on comes too late.
        """
        self._closing = True
        try:
            await asyncio.gather(*(guild.leave() for guild in self._guilds.values() if guild.busy))
        finally:
            await self._shared.http.close()

    def channel(self, guild_id: int) -> int | None:
        """The channel that we are connected to in this guild."""
        return self._guild(guild_id).connected_to

    def coverage(self, guild_id: int) -> list[Coverage]:
        """Per speaker, over all sessions of the guild's current recording."""
        return self._guild(guild_id).reception.coverage()

    # What the main gateway tells

    def receive(self, event: VoiceEvent) -> None:
        """In the order in which it came."""
        match event:
            case VoiceState():
                self.voice_state_update(event)
            case VoiceServer():
                self.voice_server_update(event)
            case SessionBegan(session_id, guild_ids):
                self._shared.instances.session_began(session_id)
                for guild_id in guild_ids & self._guilds.keys():
                    self._guilds[guild_id].session_began(session_id)
            case SessionResumed():
                for guild in self._guilds.values():
                    guild.discord_is_back()
            case ChannelDeleted(guild_id, channel_id):
                self._guild(guild_id).channel_deleted(channel_id)

    def voice_state_update(self, state: VoiceState) -> None:
        """Our own matters; anyone's is a sign that voice in the guild is alive."""
        if state.user_id == self._shared.gateway.user_id:
            self._guild(state.guild_id).voice_state_update(state)
        elif state.guild_id in self._guilds:
            self._guilds[state.guild_id].stir()

    def voice_server_update(self, server: VoiceServer) -> None:
        self._guild(server.guild_id).voice_server_update(server)

    # Health

    async def run(self, on_beat: Callable[[], None] = _ignore, beat_s: float = 10.0) -> None:
        """The health monitor, until cancelled. Calls ``on_beat`` every ``beat_s``: as long as its loop turns."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                on_beat()
                now = self._clock.time()
                if now >= self._next_check:
                    self._next_check = now + self._health_interval_s
                    if not self._checking.locked():
                        tasks.create_task(self.check())  # beside this: it may have to wait for Discord
                await self._clock.sleep(min(beat_s, self._next_check - now))

    async def check(self) -> None:
        """Looks after every guild, and puts right what nobody else does."""
        async with self._checking:
            self._shared.totals.health_checks += 1
            for guild in list(self._guilds.values()):
                self._checking.extend(guild.patience_s)
                await guild.check()
            in_use = {guild.intent for guild in self._guilds.values()}
            for channel_id in self._shared.regions.changed:
                if channel_id not in in_use:
                    self._checking.extend(REGION_S)
                    await self._shared.regions.put_back(channel_id)

    @property
    def trouble(self) -> str | None:
        """Why this process is not in control of its voice connections; None: it is.

        That Discord refuses or is down is no trouble of ours: restarting would not help.
        """
        trouble = next(filter(None, (guild.trouble for guild in self._guilds.values())), None)
        if trouble is None and self._checking.overdue_s:
            return f"the health monitor is stuck: it is {self._checking.overdue_s:.0f} s overdue"
        return trouble

    @property
    def patience_s(self) -> float:
        """Longer than this nothing takes that anybody asks for, in any guild; what does is stuck."""
        return max((guild.patience_s for guild in self._guilds.values()), default=0.0)

    def status(self) -> VoiceStatus:
        now = self._clock.time()
        guilds = (guild_status(guild, now, self._next_check) for guild in self._guilds.values())
        return VoiceStatus(
            guilds=tuple(guild for guild in guilds if guild is not None),
            totals=with_live(self._shared.totals, self._guilds.values(), now),
            duplicate=self._shared.instances.duplicate(now),
        )

    def _guild(self, guild_id: int) -> GuildVoice:
        guild = self._guilds.get(guild_id)
        if guild is None:
            guild = self._guilds[guild_id] = GuildVoice(
                guild_id, self._shared, self._on_removed, self._on_waiting, self._on_joined
            )
        return guild
