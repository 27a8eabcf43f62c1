"""/notes: reading the notes of meetings. Only the person who asks sees the answers."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import aiohttp
import discord

from notetaker.discordbot import replies
from notetaker.discordbot.answering import AnsweringCog, answer, defer, guild_of
from notetaker.discordbot.ports import Notebook, Page, Refused
from notetaker.discordbot.publish import delivering
from notetaker.discordbot.sight import Refusals, Sight
from notetaker.model.meeting import Meeting, MeetingState

CHOICES = 25
"""Discord docs, Application Command Option: at most 25 choices."""


async def meeting_choices(ctx: discord.AutocompleteContext) -> list[discord.OptionChoice]:
    """Return the meetings to offer: those that the person may see, and whose label has what they have typed."""
    assert isinstance(ctx.cog, NotesCommands)
    deleting = ctx.command is not None and ctx.command.name == ctx.cog.delete.name
    try:
        return [choice async for choice in ctx.cog.choices(ctx.interaction, str(ctx.value or ""), deleting)]
    except Refused:
        return []


_MEETING = discord.Option(
    str,
    "Which meeting. Leave it out for the one that is going on, or the latest.",
    required=False,
    autocomplete=meeting_choices,
)
_DELETED = discord.Option(str, "Which meeting.", autocomplete=meeting_choices)
_WORDS = discord.Option(str, "Words that were said. All of them must be there, in any form.", max_length=200)
_QUESTION = discord.Option(
    str, "A question in plain words: what did Ana say about the budget?", max_length=300
)


class NotesCommands(AnsweringCog):
    notes = discord.SlashCommandGroup("notes", "Read the notes of meetings.")

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self._refusals = Refusals()
        self._asking: set[int] = set()
        """The people whose questions are being answered."""

    @notes.command(description="Show the notes of a meeting. While it goes on: what is written so far.")
    async def show(self, ctx: discord.ApplicationContext, meeting: Annotated[str | None, _MEETING]) -> None:
        guild_of(ctx)
        await defer(ctx, ephemeral=True)
        found = await self._find(ctx.interaction, meeting)
        await _answer(ctx, await self._notebook.page(found))

    @notes.command(name="list", description="List the meetings of this server that you can see.")
    async def list_(self, ctx: discord.ApplicationContext) -> None:
        async with self._only_one(ctx) as (_, meetings):
            await answer(ctx, await self._notebook.titles(meetings))

    @notes.command(description="Find where something was said, in all meetings that you can see.")
    async def search(self, ctx: discord.ApplicationContext, words: Annotated[str, _WORDS]) -> None:
        async with self._only_one(ctx) as (guild, meetings):
            await answer(ctx, await self._notebook.search(guild.id, meetings, words))

    @notes.command(description="Ask what was said in the meetings that you can see.")
    async def ask(self, ctx: discord.ApplicationContext, question: Annotated[str, _QUESTION]) -> None:
        async with self._only_one(ctx) as (guild, meetings):
            await answer(ctx, await self._notebook.ask(guild.id, meetings, question))

    @notes.command(
        description="Delete a meeting: its notes, its transcript and its sound. This cannot be undone."
    )
    async def delete(self, ctx: discord.ApplicationContext, meeting: Annotated[str, _DELETED]) -> None:
        guild_of(ctx)
        await defer(ctx, ephemeral=True)
        found = await self._find(ctx.interaction, meeting, deleting=True)
        if not (ctx.interaction.permissions.manage_guild or ctx.author.id == found.started_by):
            raise Refused(replies.NOT_YOURS)
        if found.state in (MeetingState.RECORDING, MeetingState.FINISHING, MeetingState.READY):
            raise Refused(replies.NOT_FINISHED)
        left = 0  # messages first: once the database has forgotten them, nobody finds them
        for channel_id, message_id in await self._notebook.messages(found):
            left += not await _deleted(ctx.bot, channel_id, message_id)
        await self._notebook.delete(found)
        await answer(ctx, replies.deleted(self._notebook.label(found), left))

    @asynccontextmanager
    async def _only_one(
        self, ctx: discord.ApplicationContext
    ) -> AsyncIterator[tuple[discord.Guild, list[Meeting]]]:
        """Look into all meetings, for one command of a person at a time: it may take seconds.

        Return the server, and its meetings that the person may see now, newest first. Raises Refused.
        """
        guild = guild_of(ctx)
        if ctx.author.id in self._asking:
            raise Refused(replies.STILL_LOOKING)
        self._asking.add(ctx.author.id)
        try:
            await defer(ctx, ephemeral=True)
            sight = await self._sight(ctx.interaction)
            meetings = [one for one in await self._notebook.every(guild.id) if await sight.meeting(one)]
            if not meetings:
                raise Refused(replies.NO_MEETINGS)
            yield guild, meetings
        finally:
            self._asking.discard(ctx.author.id)

    async def choices(
        self, interaction: discord.Interaction, text: str, deleting: bool
    ) -> AsyncIterator[discord.OptionChoice]:
        """Yield at most 25 meetings, newest first."""
        number = 0
        async for meeting in self._visible(interaction, deleting=deleting):
            label = self._notebook.label(meeting)
            if text.casefold().strip() in label.casefold():
                yield discord.OptionChoice(label, meeting.id)
                number += 1
                if number == CHOICES:
                    return

    async def _find(
        self, interaction: discord.Interaction, text: str | None, *, deleting: bool = False
    ) -> Meeting:
        """Return the meeting of this id, or the latest one. Raises Refused, also if the person may not see it."""
        if text is None:
            async for meeting in self._visible(interaction):
                return meeting
            raise Refused(replies.NO_MEETINGS)
        named = await self._notebook.meeting(text.strip())
        if named is None or not await (await self._sight(interaction)).meeting(named, deleting=deleting):
            raise Refused(replies.no_such_meeting(text))
        return named

    async def _sight(self, interaction: discord.Interaction) -> Sight:
        return Sight(interaction, await self._notebook.rooms(interaction.guild_id or 0), self._refusals)

    async def _visible(
        self, interaction: discord.Interaction, *, deleting: bool = False
    ) -> AsyncIterator[Meeting]:
        """Yield the latest meetings that the person may see, newest first."""
        sight = await self._sight(interaction)
        assert interaction.guild_id is not None
        for meeting in await self._notebook.latest(interaction.guild_id):
            if await sight.meeting(meeting, deleting=deleting):
                yield meeting


async def _deleted(bot: discord.Client, channel_id: int, message_id: int) -> bool:
    """Return whether the message is gone."""
    try:
        await bot.http.delete_message(channel_id, message_id)
    except discord.NotFound:
        return True
    except (discord.HTTPException, aiohttp.ClientError, OSError):
        return False
    return True


async def _answer(ctx: discord.ApplicationContext, page: Page) -> None:
    """Raises Undelivered."""
    document = discord.File(io.BytesIO(page.attachment.encode(errors="replace")), page.attachment_name)
    with delivering():
        await ctx.interaction.edit_original_response(
            content=page.content, files=[document] if page.attachment_name else []
        )
