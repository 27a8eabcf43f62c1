"""The slash commands. Each one always answers; only the person who used it sees a refusal.

The first answer must come within 3 seconds (Discord docs, Receiving and Responding to Interactions), so anything that
may take longer is deferred at once. The deferred answer can be edited for 15 minutes.
"""

from typing import Annotated

import aiohttp
import discord

from notetaker.discordbot import permission_checks, replies, rooms
from notetaker.discordbot.answering import AnsweringCog, answer, defer, guild_of
from notetaker.discordbot.options import kind_choices, kind_of, language_choices, language_of
from notetaker.discordbot.panel import MARK_MAX
from notetaker.discordbot.ports import Meetings, Refused, Start
from notetaker.discordbot.rights import refuse_outsider

_LANGUAGE = discord.Option(
    str,
    "The language people speak. Leave it out to have it detected for each person.",
    required=False,
    autocomplete=language_choices,
)
_KIND = discord.Option(
    str,
    "What the notes should have. Leave it out for the usual kind.",
    required=False,
    autocomplete=kind_choices,
)
_MARK = discord.Option(str, "What it is about.", required=False, max_length=MARK_MAX)


class Commands(AnsweringCog):
    def __init__(self, meetings: Meetings) -> None:
        self._meetings = meetings

    @discord.slash_command(description="Join your voice channel, without recording yet.")
    async def joinvoice(self, ctx: discord.ApplicationContext) -> None:
        guild, channel = guild_of(ctx), _voice_channel(ctx)
        self._refuse_if_running(guild)
        if self._meetings.channel(guild.id) == self._meetings.wanted(guild.id) == channel.id:
            self._meetings.already_so(guild.id, ctx.interaction.id)
            raise Refused(replies.already_joined(channel.id))
        _refuse(permission_checks.to_joining(channel, guild.me))
        await defer(ctx)
        await self._meetings.join(guild.id, channel.id, ctx.interaction.id)
        await answer(ctx, replies.joined(channel.id))

    @discord.slash_command(description="Leave the voice channel and stop taking notes.")
    async def leavevoice(self, ctx: discord.ApplicationContext) -> None:
        guild = guild_of(ctx)
        channel_id, wanted = self._meetings.channel(guild.id), self._meetings.wanted(guild.id)
        if channel_id is None and wanted is None and self._meetings.meeting(guild.id) is None:
            self._meetings.already_so(guild.id, ctx.interaction.id)
            raise Refused(replies.NOT_CONNECTED)
        self._refuse_outsider(ctx)
        await defer(ctx)
        stopped = await self._meetings.leave(guild.id, ctx.interaction.id, ctx.interaction.channel_id)
        if stopped is not None:
            await answer(ctx, replies.stopped(stopped))
        elif channel_id is not None:
            await answer(ctx, replies.left(channel_id))
        elif wanted is not None:
            await answer(ctx, replies.no_longer_joining(wanted))
        else:  # someone else stopped the notes while this command waited for its turn
            await answer(ctx, replies.NOT_CONNECTED)

    @discord.slash_command(
        description="Take notes in your voice channel. People in it are told, and may refuse."
    )
    async def startnotes(
        self,
        ctx: discord.ApplicationContext,
        language: Annotated[str | None, _LANGUAGE],
        kind: Annotated[str | None, _KIND],
    ) -> None:
        guild, channel = guild_of(ctx), _voice_channel(ctx)
        self._refuse_if_running(guild)
        spoken, chosen = language_of(language), kind_of(ctx, kind)
        _refuse(await _reason_not_to_post(ctx, guild.me))
        if self._meetings.channel(guild.id) != channel.id:
            _refuse(permission_checks.to_joining(channel, guild.me))
        text_channel_id = ctx.interaction.channel_id or channel.id
        _refuse(permission_checks.to_recording(rooms.room(guild, channel.id, text_channel_id)))
        await defer(ctx)
        wish = Start(
            guild_id=guild.id,
            voice_channel_id=channel.id,
            voice_channel_name=channel.name,
            text_channel_id=text_channel_id,
            started_by=ctx.author.id,
            language=spoken,
            kind=chosen,
        )
        started = await self._meetings.start(wish, ctx.interaction.id)
        message_id = await answer(ctx, replies.started(started))
        if message_id is not None:
            await self._meetings.shown(started.meeting, wish.text_channel_id, message_id)

    @discord.slash_command(
        description="Stop taking notes and post them in the channel where they were started."
    )
    async def stopnotes(self, ctx: discord.ApplicationContext) -> None:
        guild = guild_of(ctx)
        if self._meetings.meeting(guild.id) is None:
            channel_id = self._meetings.channel(guild.id)
            raise Refused(replies.NOT_RUNNING if channel_id is None else replies.only_connected(channel_id))
        self._refuse_outsider(ctx)
        await defer(ctx)
        stopped = await self._meetings.stop(guild.id, ctx.interaction.id, ctx.interaction.channel_id)
        await answer(ctx, replies.NOT_RUNNING if stopped is None else replies.stopped(stopped))

    @discord.slash_command(description="Mark this moment of the meeting; the notes list it.")
    async def mark(self, ctx: discord.ApplicationContext, text: Annotated[str | None, _MARK]) -> None:
        guild = guild_of(ctx)
        self._refuse_outsider(ctx)
        await defer(ctx, ephemeral=True)
        about = " ".join((text or "").split())
        mark = await self._meetings.mark(guild.id, ctx.author.id, ctx.author.display_name, about)
        await answer(ctx, replies.marked(mark))

    def _refuse_outsider(self, ctx: discord.ApplicationContext) -> None:
        meeting = self._meetings.meeting(ctx.guild_id or 0)
        if meeting is not None:
            refuse_outsider(self._meetings, ctx.interaction, meeting)

    def _refuse_if_running(self, guild: discord.Guild) -> None:
        meeting = self._meetings.meeting(guild.id)
        if meeting is not None:
            raise Refused(replies.already_running(meeting))


def _voice_channel(ctx: discord.ApplicationContext) -> permission_checks.VoiceChannel:
    """The voice channel that the author is in. Raises Refused."""
    voice = ctx.author.voice if isinstance(ctx.author, discord.Member) else None
    if voice is None or not isinstance(voice.channel, permission_checks.VoiceChannel):
        raise Refused(replies.NOT_IN_A_VOICE_CHANNEL)
    return voice.channel


async def _reason_not_to_post(ctx: discord.ApplicationContext, me: discord.Member) -> str | None:
    channel = ctx.interaction.channel
    if isinstance(channel, discord.abc.GuildChannel | discord.Thread):
        permissions = channel.permissions_for(me)
    else:
        # The channel is not in the cache. This is only a fallback: the permissions that Discord sends along are those
        # of answers to this command, which may always have files attached.
        permissions = ctx.app_permissions
    in_thread = isinstance(channel, discord.Thread)
    reason = permission_checks.to_posting(ctx.interaction.channel_id, permissions, in_thread=in_thread)
    if reason is None and isinstance(channel, discord.Thread):
        admitted = not channel.is_private() or channel.me is not None or await _sees(ctx, channel)
        return permission_checks.to_posting_in_thread(channel, permissions, admitted=admitted)
    return reason


async def _sees(ctx: discord.ApplicationContext, thread: discord.Thread) -> bool:
    """Ask Discord, because py-cord misses some ways into a private thread, such as one that is unarchived."""
    try:
        await ctx.bot.fetch_channel(thread.id)
    except (discord.Forbidden, discord.NotFound):
        return False
    except (discord.DiscordException, aiohttp.ClientError, OSError):
        pass  # the notes have other places to go
    return True


def _refuse(reason: str | None) -> None:
    if reason is not None:
        raise Refused(reason)
