"""Who may see a meeting: those who can see both of its channels now, as Discord computes it.

Discord docs, Topics / Permissions and Threads. What the bot cannot find out is not seen.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping

import aiohttp
import discord
from discord.abc import GuildChannel
from discord.http import Route

from notetaker.discordbot.permission_checks import VoiceChannel
from notetaker.discordbot.publish import UNKNOWN_CHANNEL
from notetaker.model.meeting import Meeting

LOOK_S = 2.0
"""How long Discord may take to answer; py-cord itself would wait out any rate limit."""
REFUSAL_S = 60.0
"""How long a refusal counts. Discord bans an address after 10,000 refused requests in 10 minutes (Discord docs, Rate
Limits, "Invalid Request Limit"), and meetings are looked for with every letter that somebody types.
"""


class Refusals:
    """What Discord has refused to show the bot, whoever asks."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` returns seconds."""
        self._clock = clock
        self._refused: dict[int, tuple[float, discord.HTTPException]] = {}

    async def fetch(self, guild: discord.Guild, channel_id: int) -> GuildChannel | discord.Thread:
        """Fetch a channel, or raise the error of the last time."""
        now = self._clock()
        self._refused = {one: found for one, found in self._refused.items() if now - found[0] < REFUSAL_S}
        if channel_id in self._refused:
            raise self._refused[channel_id][1].with_traceback(None)
        try:
            return await guild.fetch_channel(channel_id)
        except (discord.Forbidden, discord.NotFound) as error:
            self._refused[channel_id] = now, error
            raise

    def gone(self, channel_id: int) -> bool:
        """Return whether a channel that was just fetched in vain no longer exists."""
        return channel_id in self._refused and self._refused[channel_id][1].code == UNKNOWN_CHANNEL


class Sight:
    """What the person sees who uses a command. It remembers what it has found out: make one for each command."""

    def __init__(
        self, interaction: discord.Interaction, rooms: Mapping[str, Collection[int]], refusals: Refusals
    ) -> None:
        """``rooms`` are the voice channels into which meetings have moved, by meeting id."""
        self._refusals = refusals
        self._interaction = interaction
        self._rooms = rooms
        self._known: dict[int, bool] = {}
        if interaction.channel_id is not None:
            self._known[interaction.channel_id] = True  # or they could not use the command there

    async def meeting(self, meeting: Meeting, *, deleting: bool = False) -> bool:
        """Return whether they may see a meeting and its notes: all its voice channels, and where the notes go.

        Nobody sees a channel that no longer exists. Who manages the server may delete its meetings all the same.
        """
        despite = deleting and self._interaction.permissions.manage_guild
        if meeting.guild_id != self._interaction.guild_id:
            return False
        for channel_id in (
            meeting.voice_channel_id,
            meeting.text_channel_id,
            *self._rooms.get(meeting.id, ()),
        ):
            if not await self.channel(channel_id) and not (despite and self._refusals.gone(channel_id)):
                return False
        return True

    async def channel(self, channel_id: int) -> bool:
        """Return whether they can read a channel or thread, or enter it if it is a voice channel."""
        if channel_id not in self._known:
            try:
                async with asyncio.timeout(LOOK_S):
                    self._known[channel_id] = await self._sees(channel_id)
            except (discord.DiscordException, aiohttp.ClientError, OSError):  # gone, hidden, or no answer
                self._known[channel_id] = False
        return self._known[channel_id]

    async def _sees(self, channel_id: int) -> bool:
        guild, member = self._interaction.guild, self._interaction.user
        if guild is None or not isinstance(member, discord.Member):
            return False
        channel = guild.get_channel_or_thread(channel_id) or await self._refusals.fetch(guild, channel_id)
        parent = channel.parent if isinstance(channel, discord.Thread) else channel
        if parent is None:
            return False
        may = parent.permissions_for(member)
        reads = may.connect if isinstance(parent, VoiceChannel) else may.read_message_history
        if not (may.view_channel and reads):
            return False
        private = isinstance(channel, discord.Thread) and channel.is_private()
        return not private or may.manage_threads or await self._is_in(channel_id, member.id)

    async def _is_in(self, thread_id: int, user_id: int) -> bool:
        """Return True, or raise NotFound if they are not in the private thread (Discord docs, Get Thread Member)."""
        path = "/channels/{channel_id}/thread-members/{user_id}"
        await self._interaction.client.http.request(Route("GET", path, channel_id=thread_id, user_id=user_id))
        return True
