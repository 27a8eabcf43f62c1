"""The bot on Discord: it logs in, stays connected and offers the slash commands."""

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import aiohttp
import discord
from discord.backoff import ExponentialBackoff
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.http import Route
from discord.shard import Shard

from notetaker.discordbot.bridge import Bridge
from notetaker.discordbot.buttons import Buttons
from notetaker.discordbot.commands import Commands
from notetaker.discordbot.correct import CorrectCommand
from notetaker.discordbot.notes import NotesCommands
from notetaker.discordbot.people import person
from notetaker.discordbot.ports import Meetings, Notebook, Privacy, ServerSettings, Voice
from notetaker.discordbot.privacy import PrivacyCommands
from notetaker.discordbot.publish import Publisher
from notetaker.discordbot.settings import SettingsCommands
from notetaker.discordbot.voicestatus import VoiceStatusCommand
from notetaker.model import events
from notetaker.model.names import Person
from notetaker.notes.kinds import STANDARD, Kinds

log = logging.getLogger(__name__)

RECONNECT_EXPONENT = 4  # at most 2**4 s between two attempts to get a main connection, or to get it back
GREETING_S = 65.0  # for one attempt, until Discord has said hello; py-cord itself ends a silence after 60
SILENCE_S = 10.0  # beyond a heartbeat interval, within which Discord has answered every heartbeat
LOGIN_RETRY_MAX = 60.0  # seconds; Discord's outages last minutes
AUTHENTICATION_FAILED, DISALLOWED_INTENTS = 4004, 4014  # Discord docs, Gateway Close Event Codes
NOT_CONNECTED = (
    OSError,
    ValueError,  # a proxy that speaks no JSON
    aiohttp.ClientError,
    discord.HTTPException,
    discord.GatewayNotFound,
    discord.ConnectionClosed,
    ReconnectWebSocket,
)
"""How an attempt to connect to the main gateway may fail; the next one may succeed."""

ROOM_EVENTS = frozenset(
    {
        "voice_state_update",
        "guild_channel_update",
        "guild_channel_delete",
        "guild_role_update",
        "guild_role_delete",
        "member_update",
        "voice_channel_status_update",
        "guild_remove",
        "guild_available",
    }
)
"""py-cord's events after which somebody may have come or gone, or the bot may do more or less than before. What they
are about comes first.
"""

T = TypeVar("T")


class TokenRejected(Exception):
    """Discord rejected the bot token."""


class GatewayRefused(Exception):
    """Discord closed the main gateway with a code after which reconnecting is pointless."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Discord closed the main gateway with code {code}.")
        self.code = code


class NotetakerBot(discord.AutoShardedBot):
    """Create it inside the running event loop, call ``attach`` once, then ``serve``.

    Without ``attach`` it has no commands: it neither registers nor answers any, and leaves the registered ones alone.
    """

    def __init__(
        self,
        *,
        api_base_url: str,
        ca_file: Path | None,
        proxy: str | None = None,
        reconnect_exponent: int = RECONNECT_EXPONENT,
    ) -> None:
        """``api_base_url`` has no version; ``ca_file`` (PEM) is trusted in addition to the system's authorities.
        ``proxy`` is the URL of an HTTP proxy for REST and the main gateway.
        """
        Route.API_BASE_URL = api_base_url + "/v{API_VERSION}"
        # else py-cord warns that voice will not work without davey, which only its own voice client needs
        discord.utils.voice_dependency_warning_emitted = True
        super().__init__(  # type: ignore[no-untyped-call]
            intents=discord.Intents(guilds=True, voice_states=True),
            allowed_mentions=discord.AllowedMentions.none(),
            default_command_contexts={discord.InteractionContextType.guild},
            max_messages=None,
            proxy=proxy,
            guild_ready_timeout=1.0,  # seconds; nothing of ours needs to know all guilds before it begins
            cache_app_emojis=False,
            cache_default_sounds=False,
            enable_debug_events=True,  # gives ``socket_raw_receive``, see ``dispatch``
        )
        self._ssl = ssl.create_default_context() if ca_file is not None else None
        if self._ssl is not None:
            self._ssl.load_verify_locations(cafile=ca_file)
        self._has_commands = False
        self._buttons: Buttons | None = None
        self._reconnect_exponent = reconnect_exponent
        self._commands_registered = False
        self.heard_at = time.monotonic()
        """When the last message of the main gateway arrived (monotonic seconds)."""
        self._shards_up: set[int] = set()
        self._on_room_change: Callable[[int], object] | None = None
        self.bridge = Bridge(self, self._shards_up)
        self.publisher = Publisher(self)
        self.kinds = STANDARD
        """The kinds of notes that can be chosen."""

    def attach(
        self,
        meetings: Meetings,
        voice: Voice,
        settings: ServerSettings,
        notebook: Notebook,
        privacy: Privacy,
        kinds: Kinds = STANDARD,
    ) -> None:
        self.kinds = kinds
        self.bridge.connect(voice)
        self.add_cog(Commands(meetings))
        self.add_cog(NotesCommands(notebook))
        self.add_cog(PrivacyCommands(privacy))
        self.add_cog(SettingsCommands(settings))
        self.add_cog(CorrectCommand(settings))
        self.add_cog(VoiceStatusCommand(voice))
        self._buttons = Buttons(meetings, privacy)
        self._has_commands = True

    def watch(self, on_room_change: Callable[[int], object]) -> None:
        """Call ``on_room_change`` with the id of a server whenever its voice channels, who is in them, or permissions
        may have changed.
        """
        self._on_room_change = on_room_change

    @property
    def connected(self) -> bool:
        """Whether every shard has a session of the main gateway."""
        return bool(self._shards_up) and len(self._shards_up) == self.shard_count and not self.is_closed()

    def follows(self, guild: discord.Guild) -> bool:
        """Return whether the bot hears what happens in a server; else py-cord's cache of it may be out of date."""
        shard = self.get_shard(guild.shard_id)
        if shard is None or guild.shard_id not in self._shards_up:
            return False
        beats = shard._parent.ws._keep_alive
        if beats is None or beats.interval is None:
            return False
        return time.perf_counter() < beats._last_recv + beats.interval + SILENCE_S

    async def person(self, guild_id: int, user_id: int) -> Person:
        return await person(self, guild_id, user_id)

    async def serve(self, token: str) -> None:
        """Stay connected until ``close`` is called. Raises TokenRejected and GatewayRefused."""
        try:
            await self._login(token)
            await self._stay_connected()
        except discord.LoginFailure:
            raise TokenRejected from None
        except discord.ConnectionClosed as closed:
            if closed.code == AUTHENTICATION_FAILED:
                raise TokenRejected from None
            raise GatewayRefused(closed.code) from closed
        except discord.PrivilegedIntentsRequired as refused:
            raise GatewayRefused(DISALLOWED_INTENTS) from refused
        finally:
            if not self.is_closed():
                await self.close()

    async def _stay_connected(self) -> None:
        """Run py-cord's ``connect``, which can miss a cancellation while it reconnects but notices being closed."""
        connecting = asyncio.ensure_future(self.connect())
        try:
            await asyncio.shield(connecting)
        finally:
            await self.close()
            connecting.cancel()
            await asyncio.wait({connecting})

    async def _login(self, token: str) -> None:
        """Log in, waiting out an outage. Raises LoginFailure."""
        delay = 1.0
        while True:
            if self._ssl is not None:  # a failed login closes the connector with its session
                self.http.connector = aiohttp.TCPConnector(ssl=self._ssl)
            try:
                await self.login(token)
                await self.http.get_gateway()
                return
            except discord.LoginFailure:
                raise
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                await self.http.close()
                log.warning(
                    "Cannot reach Discord (%s); retrying in %.0f s",
                    error,
                    delay,
                    extra=events.GATEWAY_LOST(),
                )
            await asyncio.sleep(delay)
            delay = min(delay * 2, LOGIN_RETRY_MAX)

    async def launch_shards(self) -> None:
        """Ask Discord for its gateway until it answers; py-cord's own asks once."""
        await self._until_connected(super().launch_shards)

    async def launch_shard(self, gateway: str, shard_id: int, *, initial: bool = False) -> None:
        """Connect until it works. py-cord's own calls itself after each failure, until Python's stack overflows."""

        async def greeted() -> DiscordWebSocket:
            async with asyncio.timeout(GREETING_S):
                return await _WebSocket.from_client(self, initial=initial, gateway=gateway, shard_id=shard_id)

        websocket = await self._until_connected(greeted)
        if websocket is None:
            return
        shard = Shard(websocket, self, self._AutoShardedClient__queue.put_nowait)  # type: ignore[attr-defined]
        self._AutoShardedClient__shards[shard_id] = shard  # type: ignore[attr-defined]
        shard._backoff = self._backoff()
        # py-cord's own list lacks a gateway that closes before its hello, which would end the bot.
        shard._handled_exceptions = NOT_CONNECTED
        shard.launch()

    async def _until_connected(self, attempt: Callable[[], Awaitable[T]]) -> T | None:
        """Return the result of the first ``attempt`` that works, or None once the bot is closed.

        Each kind of failure is logged once.
        """
        backoff, logged = self._backoff(), set[type[Exception]]()
        while not self.is_closed():
            try:
                return await attempt()
            except NOT_CONNECTED as error:
                if type(error) not in logged:
                    logged.add(type(error))
                    log.warning(
                        "Cannot connect to Discord's gateway (%s: %s); retrying",
                        type(error).__name__,
                        error,
                        extra=events.GATEWAY_LOST(),
                    )
            await asyncio.sleep(backoff.delay())
        return None

    def _backoff(self) -> ExponentialBackoff[Literal[False]]:
        """Growing pauses, up to 16 s. py-cord's own limit of 17 minutes would extend an outage by as much."""
        backoff = ExponentialBackoff[Literal[False]]()
        backoff._max = self._reconnect_exponent
        return backoff

    def dispatch(self, event: str, *args: Any, **kwargs: Any) -> None:
        """Take raw gateway messages for ``bridge``; py-cord calls this for every event."""
        match event:
            case "socket_raw_receive":
                self.heard_at = time.monotonic()
                self.bridge.received(args[0])
                return
            case "socket_raw_send":  # carries the token
                return
            # A shard's own ``is_closed`` does not see that a websocket has fallen silent and is being replaced.
            case "shard_connect" | "shard_resumed":
                self._shards_up.add(args[0])
            case "shard_disconnect":
                self._shards_up.discard(args[0])
            case _ if event in ROOM_EVENTS and self._on_room_change is not None:
                guild = getattr(args[0], "guild", args[0])
                asyncio.get_running_loop().call_soon(self._on_room_change, guild.id)
        super().dispatch(event, *args, **kwargs)

    async def on_connect(self) -> None:
        """Register the commands when the first shard has connected."""
        if self._commands_registered or not self._has_commands:
            return
        try:
            await self.sync_commands()
            self._commands_registered = True
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("Cannot register the slash commands: %s. Retrying at the next connection.", error)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Run a command, or answer a button or a modal.

        Without commands of our own, commands are skipped: py-cord would then unregister all of them.
        """
        if interaction.type in (discord.InteractionType.component, discord.InteractionType.modal_submit):
            if self._buttons is not None:
                await self._buttons.used(interaction)
        elif self._has_commands:
            await self.process_application_commands(interaction)

    async def on_application_command_auto_complete(
        self, interaction: discord.Interaction, command: discord.ApplicationCommand[Any, Any, Any]
    ) -> None:
        """Offer choices for an option. py-cord's own stops answering one person when another one starts typing."""
        assert isinstance(command, discord.SlashCommand | discord.SlashCommandGroup), "others have no options"
        try:
            await command.invoke_autocomplete_callback(await self.get_autocomplete_context(interaction))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info("Cannot offer choices for /%s: %s", command, error)

    async def on_shard_connect(self, shard_id: int) -> None:
        log.info("Connected to Discord (shard %d)", shard_id, extra=events.GATEWAY_UP())

    async def on_shard_resumed(self, shard_id: int) -> None:
        log.info("Reconnected to Discord (shard %d), no events missed", shard_id, extra=events.GATEWAY_UP())

    async def on_shard_disconnect(self, shard_id: int) -> None:
        if not self.is_closed():
            log.warning(
                "Lost the main connection to Discord (shard %d); reconnecting",
                shard_id,
                extra=events.GATEWAY_LOST(),
            )

    async def on_error(self, event_method: str, *args: Any, **kwargs: Any) -> None:
        """Log an exception from an event handler, which is a bug of ours or of py-cord."""
        log.exception("%s failed", event_method, extra=events.BUG())


class _WebSocket(DiscordWebSocket):
    """A websocket that closes its socket when it ends. py-cord's leaves it open, and asyncio then logs an error."""

    async def poll_event(self) -> None:
        try:
            await super().poll_event()
        except Exception:
            await self.close()
            raise


discord.shard.DiscordWebSocket = _WebSocket  # type: ignore[misc]  # shards make their next ones themselves
