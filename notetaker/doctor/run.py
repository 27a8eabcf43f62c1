"""Run all checks, in the order of ``checks``."""

import time
from collections.abc import Callable

import aiohttp

from notetaker import __version__
from notetaker.doctor import checks, host
from notetaker.doctor.checkup import Checkup, Result, Watcher
from notetaker.doctor.network import NetworkChecks
from notetaker.host.instance.account import bot_identity
from notetaker.settings.values import Settings
from notetaker.voice.websocket import tls_context

USER_AGENT = f"DiscordBot (notetaker, {__version__})"
"""Discord docs, Reference, User Agent: requests without a valid one may be rejected."""


class Doctor:
    """Runs all checks. ``unix_s`` is the system clock."""

    def __init__(
        self,
        watcher: Watcher,
        guild_id: int | None = None,
        channel_id: int | None = None,
        *,
        unix_s: Callable[[], float] = time.time,
    ) -> None:
        self._checkup = Checkup(watcher)
        self._guild_id = guild_id
        self._channel_id = channel_id
        self._unix_s = unix_s
        self._settings: Settings | None = None
        self._running: str | None = None

    async def run(self) -> list[Result]:
        """Return a result for each of ``checks.CHECKS``. When cancelled, leave voice and disconnect first."""
        await self._checkup.make(checks.SETTINGS, self._read_settings)
        await self._checkup.make(checks.LIBRARIES, host.libraries)
        if self._settings is not None:
            await self._check_host_and_network(self._settings)
        self._checkup.skip_rest(checks.CHECKS)
        return self._checkup.results

    async def _read_settings(self) -> str:
        self._settings, found = await host.settings()
        return found

    async def _check_host_and_network(self, settings: Settings) -> None:
        make = self._checkup.make
        await make(checks.SPEECH, lambda: host.speech(settings))
        await make(checks.NOTES, lambda: host.notes(settings))
        await make(checks.DISK, lambda: host.disk(settings))
        await make(checks.DATABASE, lambda: host.database(settings.database))
        await make(checks.INSTANCE, lambda: self._find_instance(settings))
        tls = tls_context(settings.discord_ca_file)
        connector = aiohttp.TCPConnector(ssl=tls)
        async with aiohttp.ClientSession(connector=connector, headers={"User-Agent": USER_AGENT}) as http:
            network = NetworkChecks(settings.discord_api_base_url, tls, http, settings.proxy, self._unix_s)
            await make(checks.NAME, network.name)
            await make(checks.CONNECTION, network.connection)
            await make(checks.HTTP, network.http)
            await make(checks.CLOCK, network.clock)
            await make(checks.TOKEN, lambda: network.token(settings.require_token()))
            await make(checks.GATEWAY, network.gateway)
        if self._checkup.passed(checks.LIBRARIES):
            await self._check_bot(settings)

    async def _find_instance(self, settings: Settings) -> str:
        identity = bot_identity(settings.require_token(), settings.discord_api_base_url)
        self._running, found = await host.instance(settings.state_dir, identity)
        return found

    async def _check_bot(self, settings: Settings) -> None:
        # Imported here, because it fails without the libraries.
        from notetaker.discordbot.bot import NotetakerBot
        from notetaker.doctor.guild import GuildChecks
        from notetaker.doctor.voice import try_voice

        make = self._checkup.make
        bot = NotetakerBot(
            api_base_url=settings.discord_api_base_url,
            ca_file=settings.discord_ca_file,
            proxy=None if settings.proxy is None else settings.proxy.url,
        )
        async with GuildChecks(bot, settings.require_token(), self._guild_id, self._channel_id) as guild:
            await make(checks.IDENTIFY, guild.identify)
            await make(checks.GUILD, guild.guild)
            await make(checks.ALONE, lambda: guild.alone(self._running))
            await make(checks.PERMISSIONS, guild.permissions)
            await make(checks.REGIONS, lambda: guild.regions(settings.voice_region_fallback))
            if not (self._checkup.passed(checks.PERMISSIONS) and self._checkup.passed(checks.ALONE)):
                return
            if self._running is not None:
                self._checkup.skip(
                    checks.VOICE_SERVER,
                    f"skipped: it would disconnect the running bot ({self._running}) from voice; stop that bot first",
                )
                return
            assert self._guild_id is not None
            assert self._channel_id is not None  # because PERMISSIONS has passed
            await try_voice(self._checkup, bot.bridge, settings, self._guild_id, self._channel_id)
