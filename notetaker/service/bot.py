"""The bot process: Discord on one side, journal, store and job queue on the other."""

import asyncio
import logging
import math
import os
import signal
import sys
import time
from contextlib import suppress

from notetaker.discordbot.board import Board
from notetaker.discordbot.bot import GatewayRefused, NotetakerBot, TokenRejected
from notetaker.host import stacks
from notetaker.host.exit_codes import ExitCode
from notetaker.host.logs.setup import configure_logging
from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings.announcer import Announcer
from notetaker.meetings.commands import Meetings
from notetaker.meetings.following import Display, Following
from notetaker.meetings.live import LiveMeeting
from notetaker.meetings.live_text import LiveText
from notetaker.meetings.notebook import Notebook
from notetaker.meetings.panel import PanelMessage
from notetaker.meetings.posting import Postings
from notetaker.meetings.privacy import Privacy
from notetaker.meetings.recordings import Recordings
from notetaker.meetings.resuming import Resuming
from notetaker.meetings.server_settings import ServerSettings
from notetaker.meetings.storage import Storage
from notetaker.model import events
from notetaker.model.meeting import Meeting
from notetaker.model.voice_status import GuildVoiceStatus
from notetaker.model.wording import count
from notetaker.service.health import Health
from notetaker.service.opening import Opened, open_database
from notetaker.service.supervision import Supervision
from notetaker.settings.kinds import load_kinds
from notetaker.settings.reload import EnvFile, Reload
from notetaker.settings.values import Settings
from notetaker.status import metrics
from notetaker.status.line import status_line
from notetaker.status.snapshot import Snapshot, document, process_figures
from notetaker.status.unix_socket import StatusServer, socket_path
from notetaker.store.database import StoreError
from notetaker.voice.manager import VoiceManager

log = logging.getLogger(__name__)


class Closed(Exception):
    """The connection to Discord ended unexpectedly."""


async def run(settings: Settings) -> ExitCode:
    """Run until SIGTERM or SIGINT. Raises SettingsError or StoreSettingError if the bot cannot start."""
    token = settings.require_token()
    loop, stop, reload = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    stacks.on_abort(loop)
    database = WorkerThread("database", StoreError)

    def end() -> None:
        stop.set()
        database.hurry()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    # Closing a terminal sends it as well, and should end the bot.
    loop.add_signal_handler(signal.SIGHUP, end if sys.stderr.isatty() else reload.set)
    try:
        opened = await open_database(settings, database, stop)
        if opened is None:
            return ExitCode.OK
        try:
            await _Bot(settings, opened, database).serve(token, stop, reload)
        finally:
            database.hurry()
            with suppress(StoreError):  # it does not answer; nothing needs it any more
                await database(opened.close)
    except* TokenRejected:
        return_code = ExitCode.TOKEN_REJECTED
    except* GatewayRefused as refused:
        log.critical(
            "%s Restarting will not help; run `notetaker doctor`.",
            refused.exceptions[0],
            extra=events.SETTINGS_WRONG(),
        )
        return_code = ExitCode.CONFIGURATION
    else:
        return_code = ExitCode.OK
    finally:
        stacks.never_give_up()
        database.close()
    return return_code


class _Bot:
    """Wires Discord, voice, meetings and the database together."""

    def __init__(self, settings: Settings, opened: Opened, database: WorkerThread) -> None:
        self._settings = settings
        self._opened = opened
        self._database = database
        self._supervision = Supervision(self._status)
        self._began = time.time_ns(), time.monotonic()
        proxy = settings.proxy
        if proxy is not None:
            log.info("Connecting to Discord through the proxy %s, except for voice", proxy)
        self._discord = NotetakerBot(
            api_base_url=settings.discord_api_base_url,
            ca_file=settings.discord_ca_file,
            proxy=None if proxy is None else proxy.url,
        )
        self._announcer = Announcer(self._discord)
        self._voice = VoiceManager(
            self._discord.bridge,
            settings.voice,
            ca_file=settings.discord_ca_file,
            regions_file=settings.state_dir / "voice-regions.json",
        )
        self._postings = Postings(opened.store, database, self._discord.publisher)
        self._reload = Reload(settings, EnvFile(os.environ), self._change)
        self._away_since_ns: int | None = time.time_ns()
        self._storage: Storage
        self._recordings: Recordings
        self._health: Health

    async def serve(self, token: str, stop: asyncio.Event, reload: asyncio.Event) -> None:
        """Run until ``stop`` is set, reloading the settings whenever ``reload`` is.

        Raises SettingsError, or a group of TokenRejected, GatewayRefused, Closed or unexpected errors.
        """
        opened, database, disk = self._opened, self._database, WorkerThread("disk", OSError)
        window_s = self._settings.meeting_resume_window * 60
        try:
            async with (
                metrics.served(self._settings.metrics_port, self._snapshot),
                asyncio.TaskGroup() as tasks,
            ):
                self._storage = Storage(opened.store, opened.queue, disk, database)
                settings = ServerSettings(self._storage, self._settings.guild_defaults)
                privacy = Privacy(self._storage, settings, self._settings.privacy_version)
                self._recordings = Recordings(
                    self._voice,
                    self._storage,
                    tasks,
                    self._announcer,
                    privacy,
                    self._settings.meetings_folder,
                    window_s,
                    self._settings.meeting_max_hours * 3600,
                )
                self._voice.observe(self._recordings)
                self._discord.watch(self._recordings.look)
                self._health = Health(
                    self._voice,
                    self._discord,
                    self._recordings,
                    disk,
                    database,
                    self._supervision.ping,
                )
                meetings = Meetings(self._voice, self._recordings, self._storage, settings)
                resuming = Resuming(opened.recovery, self._recordings, self._announcer)
                kinds = load_kinds(self._settings)
                for fault in kinds.faults:
                    log.error("%s", fault)
                notebook = Notebook(
                    self._storage,
                    self._settings.time_zone,
                    self._settings.meetings_folder,
                    kinds=kinds.kinds,
                    answers=self._settings.llm is not None,
                )
                self._discord.attach(meetings, self._voice, settings, notebook, privacy, kinds.kinds)
                supervised = tasks.create_task(self._be_supervised(reload))
                steady = [
                    tasks.create_task(self._stay_connected(token)),
                    tasks.create_task(self._work(resuming)),
                    tasks.create_task(self._voice.run(self._health.beat, self._supervision.ping_every_s)),
                    tasks.create_task(
                        StatusServer(
                            socket_path(self._settings.state_dir), lambda: document(self._snapshot())
                        ).run()
                    ),
                ]
                await stop.wait()
                supervised.cancel()
                async with self._supervision.stopping():
                    log.info("Stopping", extra=events.STOPPING())
                    self._announcer.hurry()
                    await meetings.close()
                    await self._voice.close()
                    for task in steady:
                        task.cancel()
                    await asyncio.wait(steady)
        finally:
            await self._voice.close()
            disk.hurry()
            disk.close()

    # Tasks

    async def _stay_connected(self, token: str) -> None:
        await self._discord.serve(token)
        raise Closed

    async def _work(self, resuming: Resuming) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._recordings.run())
            tasks.create_task(resuming.run(self._discord.wait_until_ready))
            await self._discord.wait_until_ready()
            tasks.create_task(self._postings.run())
            tasks.create_task(self._following().run())
            servers = count(len(self._discord.guilds), "server")
            self._supervision.ready()
            log.info("Ready as %s in %s", self._discord.user, servers, extra=events.READY())

    def _following(self) -> Following:
        store, database = self._opened.store, self._database
        board = Board(self._discord, self._settings.time_zone)

        def running() -> list[Meeting]:
            return [one.meeting for one in self._recordings.running()]

        def unfinished() -> list[Meeting]:
            return [*store.open_panels(), *store.open_live_texts()]

        def displays(meeting: Meeting) -> list[Display]:
            def live() -> LiveMeeting | None:
                found = self._recordings.get(meeting.guild_id)
                return found if found is not None and found.meeting.id == meeting.id else None

            def voice() -> GuildVoiceStatus | None:
                guilds = self._voice.status().guilds
                return next((guild for guild in guilds if guild.guild_id == meeting.guild_id), None)

            found: list[Display] = [PanelMessage(meeting, store, database, board, live, voice)]
            return [*found, LiveText(meeting, store, database, board)] if self._settings.live_text else found

        return Following(database, running, unfinished, displays)

    async def _be_supervised(self, reload: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._supervision.show_status())
            await self._discord.wait_until_ready()  # a reload ends with READY=1
            await self._supervision.reload(reload, self._reload)

    # Callbacks

    def _change(self, settings: Settings) -> None:
        """Apply the settings in ``reload.LIVE``."""
        configure_logging(settings.log_level)
        self._recordings.resume_window_s = settings.meeting_resume_window * 60
        self._recordings.longest_s = settings.meeting_max_hours * 3600
        self._voice.configure(settings.voice)

    def _status(self) -> str:
        """Return the line for ``systemctl status``."""
        failure = self._health.failure(time.monotonic())
        if failure is not None:
            return f"Unhealthy: {failure}"
        bot = self._discord
        if bot.connected:
            self._away_since_ns = None
        elif self._away_since_ns is None:
            self._away_since_ns = time.time_ns()
        line = status_line(
            self._voice.status(),
            self._recordings.running(),
            len(bot.guilds),
            self._away_since_ns,
            time.time_ns(),
            self._storage.failure(time.monotonic()),
            self._postings.undelivered,
        )
        return "; ".join(filter(None, (line, self._reload.note)))

    def _snapshot(self) -> Snapshot:
        bot, (started_ns, started) = self._discord, self._began
        latency_s = bot.latency
        return Snapshot(
            started_ns=started_ns,
            uptime_s=time.monotonic() - started,
            user=None if bot.user is None else str(bot.user),
            servers=len(bot.guilds),
            connected=bot.connected,
            latency_s=latency_s if math.isfinite(latency_s) else None,
            process=process_figures(),
            voice=self._voice.status(),
            meetings=self._recordings.running(),
            undelivered=self._postings.undelivered,
        )
