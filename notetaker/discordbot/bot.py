"""The bot as Discord sees it: logs in, stays connected, offers the slash commands."""

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
from notetaker.discordbot.commands import Commands
from notetaker.discordbot.people import display_name
from notetaker.discordbot.ports import Meetings, Voice
from notetaker.discordbot.publish import Publisher
from notetaker.discordbot.voicestatus import VoiceStatusCommand
from notetaker.model import events

log = logging.getLogger(__name__)

RECONNECT_EXPONENT = 4  # at most 2**4 s between two attempts to get a main connection, or to get it back
GREETING_S = 65.0  # for one attempt, until Discord has said hello; py-cord itself ends a silence after 60
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
"""What an attempt to connect to the main gateway may end with; the next one may work."""

T = TypeVar("T")


class TokenRejected(Exception):
    """Discord does not accept the bot token."""


class GatewayRefused(Exception):
    """Discord has closed the main gateway with a code after which it makes no sense to connect again."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Discord closed the main gateway with code {code}.")
        self.code = code


class NotetakerBot(discord.AutoShardedBot):
    """Call ``attach`` once, then ``serve``. To be made inside the running event loop.

    Without ``attach`` it has no commands: it neither registers nor answers any, and leaves those that Discord
    knows as they are.
    """

    def __init__(self, *, api_base_url: str, ca_file: Path | None) -> None:
        """``api_base_url`` without version; ``ca_file`` (PEM) is trusted beside the system's authorities."""
        Route.API_BASE_URL = api_base_url + "/v{API_VERSION}"
        # else py-cord warns that voice will not work without davey, which only its own voice client needs
        discord.utils.voice_dependency_warning_emitted = True
        super().__init__(  # type: ignore[no-untyped-call]
            intents=discord.Intents(guilds=True, voice_states=True),
            allowed_mentions=discord.AllowedMentions.none(),
            default_command_contexts={discord.InteractionContextType.guild},
            max_messages=None,
            guild_ready_timeout=1.0,  # seconds; nothing of ours needs to know all guilds before it begins
            cache_app_emojis=False,
            cache_default_sounds=False,
            enable_debug_events=True,  # gives ``socket_raw_receive``, see ``dispatch``
        )
        self._ssl = ssl.create_default_context() if ca_file is not None else None
        if self._ssl is not None:
            self._ssl.load_verify_locations(cafile=ca_file)
        self._has_commands = False
        self._commands_registered = False
        self.heard_at = time.monotonic()
        """When the main gateway said anything last."""
        self._shards_up: set[int] = set()
        self.bridge = Bridge(self, self._shards_up)
        self.publisher = Publisher(self)

    def attach(self, meetings: Meetings, voice: Voice) -> None:
        self.bridge.connect(voice)
        self.add_cog(Commands(meetings))
        self.add_cog(VoiceStatusCommand(voice))
        self._has_commands = True

    @property
    def connected(self) -> bool:
        """To the main gateway: every shard has a session there."""
        return bool(self._shards_up) and len(self._shards_up) == self.shard_count and not self.is_closed()

    async def display_name(self, guild_id: int, user_id: int) -> str:
        return await display_name(self, guild_id, user_id)

    async def serve(self, token: str) -> None:
        """Stays connected until ``close`` is called. Raises TokenRejected and GatewayRefused."""
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
        """py-cord's ``connect`` overhears that it is cancelled while it reconnects; being closed, it does not."""
        connecting = asyncio.ensure_future(self.connect())
        try:
            await asyncio.shield(connecting)
        finally:
            await self.close()
            connecting.cancel()
            await asyncio.wait({connecting})

    async def _login(self, token: str) -> None:
        """Waits out an outage. Raises LoginFailure."""
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
                    "Discord cannot be reached (%s); next attempt in %.0f s",
                    error,
                    delay,
                    extra=events.GATEWAY_LOST(),
                )
            await asyncio.sleep(delay)
            delay = min(delay * 2, LOGIN_RETRY_MAX)

    async def launch_shards(self) -> None:
        """Asks Discord for its gateway until it is told, which py-cord's own does once."""
        await self._until_connected(super().launch_shards)

    async def launch_shard(self, gateway: str, shard_id: int, *, initial: bool = False) -> None:
        """Connects until it works. py-cord's own calls itself after a failure, until Python's stack is full."""

        async def greeted() -> DiscordWebSocket:
            async with asyncio.timeout(GREETING_S):
                return await _WebSocket.from_client(self, initial=initial, gateway=gateway, shard_id=shard_id)

        websocket = await self._until_connected(greeted)
        if websocket is None:
            return
        shard = Shard(websocket, self, self._AutoShardedClient__queue.put_nowait)  # type: ignore[attr-defined]
        self._AutoShardedClient__shards[shard_id] = shard  # type: ignore[attr-defined]
        shard._backoff = _backoff()
        # py-cord's own list lacks a gateway that closes before its hello: that would end the bot.
        shard._handled_exceptions = NOT_CONNECTED
        shard.launch()

    async def _until_connected(self, attempt: Callable[[], Awaitable[T]]) -> T | None:
        """What the first ``attempt`` that works gives; None once the bot is closed. Tells each kind of failure."""
        backoff, told = _backoff(), set[type[Exception]]()
        while not self.is_closed():
            try:
                return await attempt()
            except NOT_CONNECTED as error:
                if type(error) not in told:
                    told.add(type(error))
                    log.warning(
                        "Discord's gateway cannot be reached (%s: %s); the bot goes on trying",
                        type(error).__name__,
                        error,
                        extra=events.GATEWAY_LOST(),
                    )
            await asyncio.sleep(backoff.delay())
        return None

    def dispatch(self, event: str, *args: Any, **kwargs: Any) -> None:
        """py-cord calls this for everything that happens; raw gateway messages are ours, see ``bridge``."""
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
        super().dispatch(event, *args, **kwargs)

    async def on_connect(self) -> None:
        """A shard has a new gateway session."""
        if self._commands_registered or not self._has_commands:
            return
        try:
            await self.sync_commands()
            self._commands_registered = True
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("The slash commands are not registered: %s. Next attempt when we reconnect.", error)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Somebody has typed a command. py-cord registers all anew when it does not know one, even if it has none."""
        if self._has_commands:
            await self.process_application_commands(interaction)

    async def on_application_command_auto_complete(
        self, interaction: discord.Interaction, command: discord.ApplicationCommand[Any, Any, Any]
    ) -> None:
        """Somebody is typing an option. py-cord would stop answering one person as soon as another types."""
        assert isinstance(command, discord.SlashCommand), "the others have no options"
        try:
            await command.invoke_autocomplete_callback(await self.get_autocomplete_context(interaction))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info("Discord did not take the choices for /%s: %s", command, error)

    async def on_shard_connect(self, shard_id: int) -> None:
        log.info("Connected to Discord (shard %d)", shard_id, extra=events.GATEWAY_UP())

    async def on_shard_resumed(self, shard_id: int) -> None:
        log.info(
            "Connected to Discord again (shard %d); nothing was missed", shard_id, extra=events.GATEWAY_UP()
        )

    async def on_shard_disconnect(self, shard_id: int) -> None:
        if not self.is_closed():
            log.warning(
                "Lost the main connection to Discord (shard %d); reconnecting",
                shard_id,
                extra=events.GATEWAY_LOST(),
            )

    async def on_error(self, event_method: str, *args: Any, **kwargs: Any) -> None:
        """An event handler raised: a bug of ours or of py-cord."""
        log.exception("%s failed", event_method, extra=events.BUG())


class _WebSocket(DiscordWebSocket):
    """Closes its socket when it ends; py-cord leaves it open, and asyncio writes an error when it finds that."""

    async def poll_event(self) -> None:
        try:
            await super().poll_event()
        except Exception:
            await self.close()
            raise


discord.shard.DiscordWebSocket = _WebSocket  # type: ignore[misc]  # shards make their next ones themselves


def _backoff() -> ExponentialBackoff[Literal[False]]:
    """Pauses that grow. py-cord's own limit, 17 minutes, would outlast an outage by as much."""
    backoff = ExponentialBackoff[Literal[False]]()
    backoff._max = RECONNECT_EXPONENT
    return backoff
