"""The bot connected to Discord: accepted, in the server, allowed into the channel, and alone."""

import asyncio
import logging
from collections.abc import Sequence

from notetaker.discordbot import permission_checks
from notetaker.discordbot.bot import GatewayRefused, NotetakerBot, TokenRejected
from notetaker.doctor.checks import STATUS
from notetaker.doctor.checkup import NotTried, Trouble
from notetaker.doctor.network import PORTAL

log = logging.getLogger(__name__)

INVITATION = (
    "https://discord.com/oauth2/authorize?client_id={}&scope=bot+applications.commands&permissions=1149952"
)
"""The permissions are the README's: View Channels, Send Messages, Attach Files, Read Message History, Connect."""
COPY_ID = "Discord shows ids under Copy ID in the menu of a server or channel, once Developer Mode is on"
INTENTS_REFUSED = 4013, 4014  # Discord docs, Gateway Close Event Codes: invalid; disallowed

NO_CHANNEL = "to try voice, name a channel: --guild ID --channel ID"
SHOWN = 10
"""Names in a list, at most."""


class Connection:
    """As an asynchronous context manager, it takes the bot off Discord at its end."""

    def __init__(self, bot: NotetakerBot, token: str, guild_id: int | None, channel_id: int | None) -> None:
        self._bot = bot
        self._token = token
        self._guild_id = guild_id
        self._channel_id = channel_id
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Connection":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._bot.close()
        serving = self._serving
        if serving is not None:
            serving.cancel()
            await asyncio.wait({serving})
            error = None if serving.cancelled() else serving.exception()
            if (
                error is not None
            ):  # it has failed the checks already; its text may hold the request, with the token
                log.warning("The connection to the main gateway had ended: %s", type(error).__name__)

    async def identify(self) -> str:
        loop = asyncio.get_running_loop()
        self._serving = loop.create_task(self._bot.serve(self._token), name="main gateway")
        ready = loop.create_task(self._bot.wait_until_ready(), name="ready")
        try:
            await asyncio.wait({self._serving, ready}, return_when=asyncio.FIRST_COMPLETED)
            if self._serving.done():
                self._serving.result()
                raise Trouble("the connection to the main gateway was closed", STATUS)
        except TokenRejected:
            raise Trouble("the main gateway does not accept the token", f"Reset it on {PORTAL}.") from None
        except GatewayRefused as refused:
            raise _trouble(refused.code) from None
        finally:
            ready.cancel()
        return "connected up to READY, with the intents GUILDS and GUILD_VOICE_STATES"

    async def guild(self) -> str:
        names = _listed([f"{guild.name} ({guild.id})" for guild in self._bot.guilds])
        invite = (
            f"Someone who manages the server can invite it: {INVITATION.format(self._bot.application_id)}"
        )
        if self._guild_id is None:
            if not self._bot.guilds:
                raise Trouble("the bot is in no server", invite)
            return f"the bot is in {names}"
        guild = self._bot.get_guild(self._guild_id)
        if guild is None:
            raise Trouble(
                f"the bot is not in server {self._guild_id}, but in {names or 'none'}", f"{COPY_ID}. {invite}"
            )
        if guild.unavailable:
            raise Trouble(f"Discord has an outage that concerns server {self._guild_id}", STATUS)
        return f"the bot is in {guild.name}"

    async def permissions(self) -> str:
        guild = self._bot.get_guild(self._guild_id) if self._guild_id is not None else None
        if guild is None:
            raise NotTried(NO_CHANNEL)
        candidates = _listed([f"{c.name} ({c.id})" for c in (*guild.voice_channels, *guild.stage_channels)])
        if self._channel_id is None:
            raise NotTried(f"{NO_CHANNEL}; the voice channels of {guild.name} are {candidates or 'none'}")
        channel = guild.get_channel(self._channel_id)
        if not isinstance(channel, permission_checks.VoiceChannel):
            raise Trouble(
                f"{self._channel_id} is no voice channel of {guild.name} that the bot sees; those are "
                f"{candidates or 'none'}",
                f"{COPY_ID}. If it is one, grant the bot View Channel there.",
            )
        obstacle = permission_checks.to_joining(channel, guild.me)
        if obstacle is not None:
            problem, _, mend = obstacle.partition(". ")
            raise Trouble(
                f"the bot would say: {problem}".replace(f"<#{channel.id}>", f"#{channel.name}"), mend
            )
        inside = len(channel.voice_states)
        limit = f" of {channel.user_limit}" if channel.user_limit else ""
        return f"View Channel and Connect in #{channel.name}; {inside}{limit} inside"

    async def regions(self, names: Sequence[str]) -> str:
        """``names`` are those of VOICE_REGION_FALLBACK."""
        if not names:
            return "only the channel's own is tried: VOICE_REGION_FALLBACK is not set"
        guild = self._bot.get_guild(self._guild_id) if self._guild_id is not None else None
        if guild is None:
            raise NotTried("to see whether the bot may change a channel's region, name a server: --guild ID")
        channel = guild.get_channel(self._channel_id) if self._channel_id is not None else None
        if channel is None:
            allowed, place = guild.me.guild_permissions, guild.name
        else:
            allowed, place = channel.permissions_for(guild.me), f"#{channel.name}"
        if not allowed.manage_channels:
            raise Trouble(
                f"VOICE_REGION_FALLBACK has no effect in {place}: the bot lacks the permission Manage Channels there",
                "Someone who manages the server can grant it; else leave VOICE_REGION_FALLBACK empty.",
            )
        return f"{_listed([*names])} can be tried: the bot has Manage Channels in {place}"

    async def alone(self, running: str | None) -> str:
        """``running`` is the bot that runs here, whose presence in voice is no surprise."""
        places = [
            f"#{guild.me.voice.channel} of {guild.name}"
            for guild in self._bot.guilds
            if guild.me is not None and guild.me.voice is not None
        ]
        if running is not None:
            return f"the running bot ({running}) is in {_listed(places) or 'no voice channel'}"
        if places:
            raise Trouble(
                f"Discord shows the bot in {_listed(places)}, and none runs here",
                "Stop the other process that uses this token, on another computer or in another container. If a bot "
                "was killed just now, Discord forgets it within two minutes.",
            )
        return "Discord shows the bot in no voice channel, so nobody else seems to use it"


def _trouble(code: int) -> Trouble:
    if code in INTENTS_REFUSED:
        return Trouble(
            f"Discord refuses the intents GUILDS and GUILD_VOICE_STATES ({code})",
            "Upgrade notetaker: neither is privileged, so nothing in the developer portal can forbid them.",
        )
    return Trouble(f"Discord closed the main gateway with code {code}", f"Upgrade notetaker, or: {STATUS}")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
