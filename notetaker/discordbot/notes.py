"""/notes: reading the notes of meetings. Only the person who asks sees the answers."""

import io
from collections.abc import AsyncIterator
from typing import Annotated

import discord

from notetaker.discordbot import replies
from notetaker.discordbot.answering import AnsweringCog, defer, guild_of
from notetaker.discordbot.ports import Notebook, Page, Refused
from notetaker.discordbot.publish import delivering
from notetaker.discordbot.sight import Sight
from notetaker.model.meeting import Meeting

CHOICES = 25
"""Discord docs, Application Command Option: at most 25 choices."""


async def meeting_choices(ctx: discord.AutocompleteContext) -> list[discord.OptionChoice]:
    """Return the meetings to offer: those that the person may see, and whose label has what they have typed."""
    assert isinstance(ctx.cog, NotesCommands)
    try:
        return [choice async for choice in ctx.cog.choices(ctx.interaction, str(ctx.value or ""))]
    except Refused:
        return []


_MEETING = discord.Option(
    str,
    "Which meeting. Leave it out for the one that is going on, or the latest.",
    required=False,
    autocomplete=meeting_choices,
)


class NotesCommands(AnsweringCog):
    notes = discord.SlashCommandGroup("notes", "Read the notes of meetings.")

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook

    @notes.command(description="Show the notes of a meeting. While it goes on: what is written so far.")
    async def show(self, ctx: discord.ApplicationContext, meeting: Annotated[str | None, _MEETING]) -> None:
        guild_of(ctx)
        await defer(ctx, ephemeral=True)
        found = await self._find(ctx.interaction, meeting)
        await _answer(ctx, await self._notebook.page(found))

    async def choices(
        self, interaction: discord.Interaction, text: str
    ) -> AsyncIterator[discord.OptionChoice]:
        """Yield at most 25 meetings, newest first."""
        number = 0
        async for meeting in self._visible(interaction):
            label = self._notebook.label(meeting)
            if text.casefold().strip() in label.casefold():
                yield discord.OptionChoice(label, meeting.id)
                number += 1
                if number == CHOICES:
                    return

    async def _find(self, interaction: discord.Interaction, text: str | None) -> Meeting:
        """Return the meeting of this id, or the latest one. Raises Refused, also if the person may not see it."""
        if text is None:
            async for meeting in self._visible(interaction):
                return meeting
            raise Refused(replies.NO_MEETINGS)
        named = await self._notebook.meeting(text.strip())
        if named is None or not await Sight(interaction).meeting(named):
            raise Refused(replies.no_such_meeting(text))
        return named

    async def _visible(self, interaction: discord.Interaction) -> AsyncIterator[Meeting]:
        """Yield the latest meetings that the person may see, newest first."""
        sight = Sight(interaction)
        assert interaction.guild_id is not None
        for meeting in await self._notebook.latest(interaction.guild_id):
            if await sight.meeting(meeting):
                yield meeting


async def _answer(ctx: discord.ApplicationContext, page: Page) -> None:
    """Raises Undelivered."""
    document = discord.File(io.BytesIO(page.attachment.encode(errors="replace")), page.attachment_name)
    with delivering():
        await ctx.interaction.edit_original_response(
            content=page.content, files=[document] if page.attachment_name else []
        )
