"""All voice connections of the bot, one guild each, and the monitor of their health."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp

from notetaker.model.outcome import Coverage
from notetaker.model.voice import (
    Admission,
    ChannelDeleted,
    SessionBegan,
    SessionResumed,
    VoiceEvent,
    VoiceServer,
    VoiceState,
)
from notetaker.model.voice_status import VoiceStatus, VoiceTotals
from notetaker.voice.attempts import REGION_S, Shared
from notetaker.voice.duplicate_bot import DuplicateDetector
from notetaker.voice.guild import GuildVoice
from notetaker.voice.ports import MainGateway, SessionSink, VoiceObserver
from notetaker.voice.regions import Regions
from notetaker.voice.settings import VoiceSettings
from notetaker.voice.status import guild_status, with_live
from notetaker.voice.timing import Clock, LoopClock, TimedLock
from notetaker.voice.trace.writer import Tracer
from notetaker.voice.websocket import tls_context

LOOK_S = 60.0
"""Seconds for the health check of one guild, beyond what is under way there."""


class _Unobserved:
    def removed(self, guild_id: int, reason: str) -> None: ...

    def moved(self, guild_id: int) -> None: ...

    def waiting(self, guild_id: int, reason: str) -> None: ...

    def joined(self, guild_id: int) -> None: ...


class VoiceManager:
    """Create it inside the running event loop, ``run`` it, and ``close`` it at the end."""

    def __init__(
        self,
        gateway: MainGateway,
        settings: VoiceSettings,
        *,
        ca_file: Path | None = None,
        regions_file: Path | None = None,
        tracer: Tracer | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``regions_file`` keeps the regions that channels had before theirs was changed. ``tracer`` takes the place
        of the one in ``settings``.
        """
        self._clock = clock or LoopClock()
        self._shared = Shared(
            gateway=gateway,
            http=aiohttp.ClientSession(),
            tls=tls_context(ca_file),
            clock=self._clock,
            settings=settings,
            tracer=tracer or Tracer(settings.traces),
            observer=_Unobserved(),
            totals=VoiceTotals(),
            duplicates=DuplicateDetector(),
            regions=Regions(gateway, regions_file),
        )
        self._next_check = self._clock.time() + settings.health_interval_s
        self._checking = TimedLock(self._clock.time, lambda: LOOK_S)
        self._guilds: dict[int, GuildVoice] = {}
        self._closing = False

    def configure(self, settings: VoiceSettings) -> None:
        """Use ``settings`` from the next attempt and the next health check on."""
        self._next_check += settings.health_interval_s - self._shared.settings.health_interval_s
        self._shared.settings, self._shared.tracer = settings, Tracer(settings.traces)

    def observe(self, observer: VoiceObserver) -> None:
        """Tell ``observer`` what becomes of the bot from now on."""
        self._shared.observer = observer

    # What people want

    def want(self, guild_id: int, channel_id: int | None) -> None:
        """Change the wanted channel; an operation for another one is cancelled. None: no channel is wanted."""
        self._guild(guild_id).want(None if self._closing else channel_id)

    def wanted(self, guild_id: int) -> int | None:
        """Return the wanted channel, connected or not."""
        return self._guild(guild_id).intent

    async def join(self, guild_id: int, channel_id: int, sink: SessionSink | None = None) -> None:
        """Connect to the channel, and record it if there is a sink.

        Returns at once when already there. Raises ``JoinFailed`` after a round of attempts without success; unless
        that is ``final``, the bot keeps trying.
        """
        guild = self._guild(guild_id)
        self.want(guild_id, channel_id)
        await guild.settled(channel_id)
        if sink is not None:
            guild.reception.record(sink)

    async def settled(self, guild_id: int, channel_id: int) -> None:
        """Wait for the outcome of ``want``: return and raise as ``join`` does, without asking again."""
        await self._guild(guild_id).settled(channel_id)

    def record(self, guild_id: int, sink: SessionSink | None) -> None:
        """Give the guild's frames to ``sink`` from now on; None: to nobody."""
        self._guild(guild_id).reception.record(sink)

    def admit(self, guild_id: int, admission: Admission) -> None:
        """Take nobody's sound in the guild but that of those admitted, until something else is recorded."""
        self._guild(guild_id).reception.admit(admission)

    async def leave(self, guild_id: int) -> None:
        await self._guild(guild_id).leave()

    async def close(self) -> None:
        """Leave where we are, and refuse what is wanted from now on.

        Other guilds are left alone: another process may use our token there.
        """
        self._closing = True
        try:
            await asyncio.gather(*(guild.leave() for guild in self._guilds.values() if guild.busy))
        finally:
            await self._shared.http.close()

    def channel(self, guild_id: int) -> int | None:
        """Return the channel of the guild's live connection."""
        return self._guild(guild_id).connected_to

    def others(self, guild_id: int) -> frozenset[int]:
        """Return the user ids of the others in the channel of the guild's live connection, as its voice server tells.

        That server is another one than the main gateway, which may be late or down.
        """
        return self._guild(guild_id).reception.others

    def nobody_to_hear(self, guild_id: int) -> bool:
        """Return whether none of the others in the channel takes part in its end-to-end encryption."""
        return self._guild(guild_id).reception.nobody_to_hear

    def catch_up(self, guild_id: int) -> None:
        """Hear everything that has arrived for the guild by now, before its recording judges who has stopped."""
        self._guild(guild_id).reception.catch_up()

    def coverage(self, guild_id: int) -> list[Coverage]:
        """Return the counts of each speaker, over all sessions of the guild's current recording."""
        return self._guild(guild_id).reception.coverage()

    # Events of the main gateway

    def receive(self, event: VoiceEvent) -> None:
        """Take the next event, in the order in which they came."""
        match event:
            case VoiceState():
                self.voice_state_update(event)
            case VoiceServer():
                self.voice_server_update(event)
            case SessionBegan(session_id, guild_ids, _):
                self._shared.duplicates.session_began(session_id)
                for guild_id in guild_ids & self._guilds.keys():
                    self._guilds[guild_id].session_began(session_id)
            case SessionResumed():
                for guild in self._guilds.values():
                    guild.discord_is_back()
            case ChannelDeleted(guild_id, channel_id):
                self._guild(guild_id).channel_deleted(channel_id)

    def voice_state_update(self, state: VoiceState) -> None:
        """Take a voice state: our own concerns us, another one shows that voice in the guild is alive."""
        if state.user_id == self._shared.gateway.user_id:
            self._guild(state.guild_id).voice_state_update(state)
        elif state.guild_id in self._guilds:
            self._guilds[state.guild_id].stir()

    def voice_server_update(self, server: VoiceServer) -> None:
        self._guild(server.guild_id).voice_server_update(server)

    # Health

    async def run(self, on_beat: Callable[[], None] = lambda: None, beat_s: float = 10.0) -> None:
        """Monitor health until cancelled. Calls ``on_beat`` every ``beat_s``, as long as the loop turns."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                on_beat()
                now = self._clock.time()
                if now >= self._next_check:
                    self._next_check = now + self._shared.settings.health_interval_s
                    if not self._checking.locked():
                        tasks.create_task(self.check())  # beside this: it may have to wait for Discord
                await self._clock.sleep(min(beat_s, self._next_check - now))

    async def check(self) -> None:
        """Check every guild, and put right what nobody else does."""
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
    def failure(self) -> str | None:
        """The reason why voice is not healthy, or None.

        A Discord that refuses or is down is no such reason: restarting would not help.
        """
        failure = next(filter(None, (guild.failure for guild in self._guilds.values())), None)
        if failure is None and self._checking.overdue_s:
            return f"the health monitor is stuck, {self._checking.overdue_s:.0f} s overdue"
        return failure

    @property
    def patience_s(self) -> float:
        """Upper bound for any operation, in seconds; anything slower is stuck."""
        return max((guild.patience_s for guild in self._guilds.values()), default=0.0)

    def status(self) -> VoiceStatus:
        now = self._clock.time()
        guilds = (guild_status(guild, now, self._next_check) for guild in self._guilds.values())
        return VoiceStatus(
            guilds=tuple(guild for guild in guilds if guild is not None),
            totals=with_live(self._shared.totals, self._guilds.values(), now),
            duplicate=self._shared.duplicates.duplicate(now),
        )

    def _guild(self, guild_id: int) -> GuildVoice:
        guild = self._guilds.get(guild_id)
        if guild is None:
            guild = self._guilds[guild_id] = GuildVoice(guild_id, self._shared)
        return guild
