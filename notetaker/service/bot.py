"""The bot process: Discord on one side, journal, store and job queue on the other."""

import asyncio
import logging
import signal

from notetaker.discordbot import answers
from notetaker.discordbot.bot import NotetakerBot, TokenRejected
from notetaker.discordbot.publish import Undelivered
from notetaker.jobs.queue import JobQueue
from notetaker.service.background import Background
from notetaker.service.exit_codes import ExitCode
from notetaker.service.meetings import Meetings
from notetaker.service.postings import Postings
from notetaker.service.recovery import Recovery
from notetaker.service.settings import Settings
from notetaker.service.systemd import Systemd
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from notetaker.voice.manager import VoiceManager

log = logging.getLogger(__name__)

RECOVERY_PAUSE = 30.0  # seconds between attempts


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
        self._discord = NotetakerBot(
            api_base_url=settings.discord_api_base_url, ca_file=settings.discord_ca_file
        )
        self._voice = VoiceManager(
            self._discord.bridge,
            connection_timeout_s=settings.voice_connection_timeout,
            retry_attempts=settings.voice_retry_attempts,
            ca_file=settings.discord_ca_file,
            on_removed=self._removed,
        )
        self._meetings: Meetings

    async def serve(self, token: str, stop: asyncio.Event) -> None:
        """Until ``stop`` is set. Raises a group of TokenRejected, Closed, or of what nobody foresaw."""
        recovery = await self._background(Recovery, self._store, self._queue, self._settings.meetings_folder)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._meetings = Meetings(
                    self._voice,
                    self._store,
                    self._queue,
                    self._background,
                    tasks,
                    front=self,
                    folder=self._settings.meetings_folder,
                )
                self._discord.attach(self._meetings, self._voice)
                steady = [
                    tasks.create_task(self._stay_connected(token)),
                    tasks.create_task(self._work(recovery)),
                ]
                await stop.wait()
                self._systemd.stopping("Ending meetings and leaving voice channels")
                log.info("Stopping")
                await self._meetings.close()
                await self._voice.close()
                for task in steady:
                    task.cancel()
        finally:
            await self._voice.close()

    # meetings.Front

    async def display_name(self, guild_id: int, user_id: int) -> str:
        return await self._discord.display_name(guild_id, user_id)

    async def say(self, channel_id: int, text: str) -> None:
        try:
            await self._discord.publisher.say(channel_id, text)
        except Undelivered as failed:
            log.warning("A message about a meeting could not be posted: %s", failed)

    # Tasks

    async def _stay_connected(self, token: str) -> None:
        await self._discord.serve(token)
        raise Closed

    async def _work(self, recovery: Recovery) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._meetings.run())
            tasks.create_task(self._recover(recovery))
            await self._discord.wait_until_ready()
            tasks.create_task(Postings(self._store, self._background, self._discord.publisher).run())
            servers = len(self._discord.guilds)
            self._systemd.ready(f"Connected to Discord, in {servers} servers")
            log.info("Ready, as %s, in %d servers", self._discord.user, servers)

    async def _recover(self, recovery: Recovery) -> None:
        while True:
            try:
                interrupted = await asyncio.to_thread(recovery.run)  # hours of sound: not before an fsync
                break
            except (OSError, StoreError) as error:
                log.critical(
                    "Meetings of before the restart cannot be taken up: %s. It is tried again.", error
                )
            await asyncio.sleep(RECOVERY_PAUSE)
        await self._discord.wait_until_ready()
        for meeting in interrupted:
            await self.say(meeting.text_channel_id, answers.ended_unasked(meeting, answers.CRASH))

    def _removed(self, guild_id: int, reason: str) -> None:
        self._meetings.removed(guild_id, reason)
