"""Checks of the bot connected to Discord: its login, server and permissions, and other users of its token."""

import asyncio
import logging
from collections.abc import Sequence

from notetaker.discordbot import invitation, permission_checks
from notetaker.discordbot.bot import GatewayRefused, NotetakerBot, TokenRejected
from notetaker.doctor.checks import STATUS
from notetaker.doctor.checkup import CheckFailed, CheckSkipped
from notetaker.doctor.network import PORTAL

log = logging.getLogger(__name__)

COPY_ID = (
    "To find ids, turn on Developer Mode in Discord and choose Copy ID in the menu of a server or channel"
)
INTENTS_REFUSED = 4013, 4014  # Discord docs, Gateway Close Event Codes: invalid; disallowed

NO_CHANNEL = "to test voice, pass --guild ID --channel ID"
SHOWN = 10
"""Maximum number of names in a list."""


class GuildChecks:
    """Checks of the connected bot. As an async context manager, it disconnects the bot at its end."""

    def __init__(self, bot: NotetakerBot, token: str, guild_id: int | None, channel_id: int | None) -> None:
        self._bot = bot
        self._token = token
        self._guild_id = guild_id
        self._channel_id = channel_id
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "GuildChecks":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._bot.close()
        serving = self._serving
        if serving is not None:
            serving.cancel()
            await asyncio.wait({serving})
            error = None if serving.cancelled() else serving.exception()
            if error is not None:  # the checks have failed already; its text may contain the token
                log.warning("The main gateway connection failed: %s", type(error).__name__)

    async def identify(self) -> str:
        loop = asyncio.get_running_loop()
        self._serving = loop.create_task(self._bot.serve(self._token), name="main gateway")
        ready = loop.create_task(self._bot.wait_until_ready(), name="ready")
        try:
            await asyncio.wait({self._serving, ready}, return_when=asyncio.FIRST_COMPLETED)
            if self._serving.done():
                self._serving.result()
                raise CheckFailed("the connection to the main gateway was closed", STATUS)
        except TokenRejected:
            raise CheckFailed("the main gateway rejected the token", f"Reset it on {PORTAL}.") from None
        except GatewayRefused as refused:
            raise _refused(refused.code) from None
        finally:
            ready.cancel()
        return "READY, with the intents GUILDS and GUILD_VOICE_STATES"

    async def guild(self) -> str:
        names = _listed([f"{guild.name} ({guild.id})" for guild in self._bot.guilds])
        invite = f"Someone with Manage Server can invite it: {invitation.link(str(self._bot.application_id))}"
        if self._guild_id is None:
            if not self._bot.guilds:
                raise CheckFailed("the bot is not in any server", invite)
            return f"the bot is in {names}"
        guild = self._bot.get_guild(self._guild_id)
        if guild is None:
            raise CheckFailed(
                f"the bot is not in server {self._guild_id}; it is in {names or 'none'}",
                f"{COPY_ID}. {invite}",
            )
        if guild.unavailable:
            raise CheckFailed(f"server {self._guild_id} is unavailable because of a Discord outage", STATUS)
        granted = guild.me.guild_permissions.value
        lacking = _listed([one.name for one in invitation.PERMISSIONS if not granted & one.bit])
        return f"the bot is in {guild.name}" + (
            f"; its role lacks {lacking}, so that channels have to grant it" if lacking else ""
        )

    async def permissions(self) -> str:
        guild = self._bot.get_guild(self._guild_id) if self._guild_id is not None else None
        if guild is None:
            raise CheckSkipped(NO_CHANNEL)
        candidates = _listed([f"{c.name} ({c.id})" for c in (*guild.voice_channels, *guild.stage_channels)])
        if self._channel_id is None:
            raise CheckSkipped(f"{NO_CHANNEL}; the voice channels of {guild.name} are {candidates or 'none'}")
        channel = guild.get_channel(self._channel_id)
        if not isinstance(channel, permission_checks.VoiceChannel):
            raise CheckFailed(
                f"the bot sees no voice channel {self._channel_id} in {guild.name}; it sees {candidates or 'none'}",
                f"{COPY_ID}. If the id is right, grant the bot View Channel there.",
            )
        obstacle = permission_checks.to_joining(channel, guild.me)
        if obstacle is not None:
            reason, _, advice = obstacle.partition(". ")
            raise CheckFailed(
                f"the bot would say: {reason}".replace(f"<#{channel.id}>", f"#{channel.name}"), advice
            )
        inside = len(channel.voice_states)
        limit = f" of {channel.user_limit}" if channel.user_limit else ""
        return f"View Channel and Connect in #{channel.name}; {inside}{limit} inside"

    async def regions(self, names: Sequence[str]) -> str:
        """Check that the bot may set the regions ``names`` (VOICE_REGION_FALLBACK)."""
        if not names:
            return "only the channel's own region is used: VOICE_REGION_FALLBACK is not set"
        guild = self._bot.get_guild(self._guild_id) if self._guild_id is not None else None
        if guild is None:
            raise CheckSkipped("to check that the bot may change a channel's region, pass --guild ID")
        channel = guild.get_channel(self._channel_id) if self._channel_id is not None else None
        if channel is None:
            allowed, place = guild.me.guild_permissions, guild.name
        else:
            allowed, place = channel.permissions_for(guild.me), f"#{channel.name}"
        if not allowed.manage_channels:
            raise CheckFailed(
                f"VOICE_REGION_FALLBACK has no effect in {place}: the bot lacks Manage Channels there",
                "Someone with Manage Roles can grant it; otherwise leave VOICE_REGION_FALLBACK empty.",
            )
        return f"{_listed([*names])} can be tried: the bot has Manage Channels in {place}"

    async def alone(self, running: str | None) -> str:
        """Check that no other process uses the token. ``running`` describes the bot that runs here, if any."""
        places = [
            f"#{guild.me.voice.channel} of {guild.name}"
            for guild in self._bot.guilds
            if guild.me is not None and guild.me.voice is not None
        ]
        if running is not None:
            return f"the running bot ({running}) is in {_listed(places) or 'no voice channel'}"
        if places:
            raise CheckFailed(
                f"Discord shows the bot in {_listed(places)}, but no bot is running here",
                "Stop the other process that uses this token, on another host or in another container. If a bot was "
                "killed just now, Discord removes it within two minutes.",
            )
        return "Discord shows the bot in no voice channel, so no other process seems to use the token"


def _refused(code: int) -> CheckFailed:
    if code in INTENTS_REFUSED:
        return CheckFailed(
            f"Discord rejected the intents GUILDS and GUILD_VOICE_STATES ({code})",
            "Upgrade notetaker: they are not privileged, so the developer portal cannot disable them.",
        )
    return CheckFailed(f"Discord closed the main gateway with code {code}", f"Upgrade notetaker. {STATUS}")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
