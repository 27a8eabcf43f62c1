"""The bot process: Discord on one side, journal, store and job queue on the other."""

import asyncio
import logging
import math
import signal
import time

from notetaker.discordbot import obstacles
from notetaker.discordbot.bot import GatewayRefused, NotetakerBot, TokenRejected
from notetaker.discordbot.publish import Undelivered
from notetaker.jobs.queue import JobQueue
from notetaker.model import events
from notetaker.service import metrics
from notetaker.service.background import Background
from notetaker.service.exit_codes import ExitCode
from notetaker.service.meetings import Meetings
from notetaker.service.postings import Postings
from notetaker.service.recordings import Recordings
from notetaker.service.recovery import Recovery
from notetaker.service.resuming import Resuming
from notetaker.service.safekeeping import Safekeeping
from notetaker.service.settings import Settings
from notetaker.service.status import Snapshot, document, process_figures
from notetaker.service.status_socket import StatusServer, socket_path
from notetaker.service.systemd import Systemd
from notetaker.store.store import Store
from notetaker.voice.manager import VoiceManager
from notetaker.voice.trace import Tracer

log = logging.getLogger(__name__)


class Closed(Exception):
    """The connection to Discord was given up although nobody asked for it."""


async def run(settings: Settings) -> ExitCode:
    """Runs until SIGTERM or SIGINT. Raises SettingsError and StoreError when it cannot even begin."""
    token = settings.require_token()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    background = Background()
    try:
        store = await background(_open_store, settings)
        queue = await background(JobQueue, settings.database)
        try:
            await _Bot(settings, store, queue, background).serve(token, stop)
        finally:
            await background(queue.close)
            await background(store.close)
    except* TokenRejected:
        return_code = ExitCode.TOKEN_REJECTED
    except* GatewayRefused as refused:
        log.critical(
            "%s Starting again would not help; `notetaker doctor` says more.",
            refused.exceptions[0],
            extra=events.SETTINGS_WRONG(),
        )
        return_code = ExitCode.CONFIGURATION
    else:
        return_code = ExitCode.OK
    finally:
        background.close()
    return return_code


def _open_store(settings: Settings) -> Store:
    store = Store(settings.database)
    store.migrate()
    return store


class _Bot:
    """``discordbot``, ``voice`` and the rest of this package, wired together."""

    def __init__(self, settings: Settings, store: Store, queue: JobQueue, background: Background) -> None:
        self._settings = settings
        self._store = store
        self._queue = queue
        self._background = background
        self._systemd = Systemd()
        self._began = time.time_ns(), time.monotonic()
        self._discord = NotetakerBot(
            api_base_url=settings.discord_api_base_url, ca_file=settings.discord_ca_file
        )
        self._voice = VoiceManager(
            self._discord.bridge,
            connection_timeout_s=settings.voice_connection_timeout,
            retry_attempts=settings.voice_retry_attempts,
            ca_file=settings.discord_ca_file,
            on_removed=lambda guild_id, reason: self._recordings.removed(guild_id, reason),
            on_joined=lambda guild_id: self._recordings.joined(guild_id),
            health_interval_s=settings.voice_health_interval,
            regions=settings.voice_region_fallback,
            regions_file=settings.state_dir / "voice-regions.json",
            tracer=Tracer(settings.traces_folder if settings.voice_debug else None),
        )
        self._recordings: Recordings

    async def serve(self, token: str, stop: asyncio.Event) -> None:
        """Until ``stop`` is set. Raises SettingsError, or a group of TokenRejected, Closed, or of what nobody
        foresaw.
        """
        window_s = self._settings.meeting_resume_window * 60
        folder = self._settings.meetings_folder
        recovery = await self._background(Recovery, self._store, self._queue, folder, window_s)
        try:
            async with (
                metrics.served(self._settings.metrics_port, self._snapshot),
                asyncio.TaskGroup() as tasks,
            ):
                keeping = Safekeeping(self._store, self._queue, self._background, tasks, self._discord)
                self._recordings = Recordings(self._voice, keeping, tasks, self, window_s)
                meetings = Meetings(self._voice, self._recordings, keeping, folder)
                resuming = Resuming(recovery, self._recordings, self)
                self._discord.attach(meetings, self._voice)
                steady = [
                    tasks.create_task(self._stay_connected(token)),
                    tasks.create_task(self._work(resuming)),
                    tasks.create_task(self._voice.run(self._systemd.healthy, self._systemd.ping_every_s)),
                    tasks.create_task(
                        StatusServer(
                            socket_path(self._settings.state_dir), lambda: document(self._snapshot())
                        ).run()
                    ),
                ]
                await stop.wait()
                self._systemd.stopping("Leaving voice channels; meetings go on after a restart")
                log.info("Stopping", extra=events.STOPPING())
                await meetings.close()
                await self._voice.close()
                for task in steady:
                    task.cancel()
        finally:
            await self._voice.close()

    # recordings.Front

    async def say(self, channel_id: int, text: str) -> None:
        if self._discord.user is None:
            log.warning("A message about a meeting could not be posted: the bot has not been on Discord yet")
            return
        try:
            await self._discord.publisher.say(channel_id, text)
        except Undelivered as failed:
            log.warning("A message about a meeting could not be posted: %s", failed)

    def obstacle(self, guild_id: int, channel_id: int) -> str | None:
        return obstacles.to_returning(self._discord.get_guild(guild_id), channel_id)

    # Tasks

    async def _stay_connected(self, token: str) -> None:
        await self._discord.serve(token)
        raise Closed

    async def _work(self, resuming: Resuming) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._recordings.run())
            tasks.create_task(resuming.run(self._discord.wait_until_ready))
            await self._discord.wait_until_ready()
            tasks.create_task(Postings(self._store, self._background, self._discord.publisher).run())
            servers = len(self._discord.guilds)
            self._systemd.ready(f"Connected to Discord, in {servers} servers")
            log.info("Ready, as %s, in %d servers", self._discord.user, servers, extra=events.READY())

    def _snapshot(self) -> Snapshot:
        bot, (started_ns, started) = self._discord, self._began
        shards = bot.shards.values()
        latency_s = bot.latency
        return Snapshot(
            started_ns=started_ns,
            uptime_s=time.monotonic() - started,
            user=None if bot.user is None else str(bot.user),
            servers=len(bot.guilds),
            connected=bool(shards) and not any(shard.is_closed() for shard in shards),
            latency_s=latency_s if math.isfinite(latency_s) else None,
            process=process_figures(),
            voice=self._voice.status(),
            meetings=self._recordings.running(),
        )
