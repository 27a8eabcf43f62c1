"""/correct: people say how a name is spelled that the notes got wrong. Only they see the answer."""

from dataclasses import replace
from typing import Annotated

import discord

from notetaker.discordbot import replies
from notetaker.discordbot.answering import AnsweringCog, answer, defer, guild_of
from notetaker.discordbot.options import term_of
from notetaker.discordbot.ports import Refused, ServerSettings
from notetaker.model.vocabulary import LONGEST, MOST_BY_ONE, Entry
from notetaker.notes.stopwords import STOP_WORDS

_RIGHT = discord.Option(str, "How it is spelled.", max_length=LONGEST)
_WRONG = discord.Option(str, "What the notes have in its place.", required=False, max_length=LONGEST)


class CorrectCommand(AnsweringCog):
    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings

    @discord.slash_command(description="Tell me how a name or term is spelled.")
    async def correct(
        self,
        ctx: discord.ApplicationContext,
        right: Annotated[str, _RIGHT],
        wrong: Annotated[str | None, _WRONG],
    ) -> None:
        guild = guild_of(ctx)
        entry = replace(_entry(right, wrong), by=ctx.author.id)
        await defer(ctx, ephemeral=True)
        manages = isinstance(ctx.author, discord.Member) and ctx.author.guild_permissions.manage_guild
        if not manages:
            await self._allow(guild.id, entry)
        await self._settings.add_vocabulary(guild.id, [entry])
        await answer(ctx, replies.corrected(entry))

    async def _allow(self, guild_id: int, entry: Entry) -> None:
        """Raises Refused if the person may not make the entry without managing the server."""
        assert entry.by is not None
        if not await self._settings.has_met(guild_id, entry.by):
            raise Refused(replies.NOT_MET)
        known = await self._settings.vocabulary(guild_id)
        if sum(one.by == entry.by and one.key != entry.key for one in known) >= MOST_BY_ONE:
            raise Refused(replies.corrected_enough(MOST_BY_ONE))


def _entry(right: str, wrong: str | None) -> Entry:
    """Raises Refused if the words cannot be corrected."""
    term = term_of(right)
    heard = None if wrong is None else term_of(wrong)
    if heard is None or heard == term:
        return Entry(term)
    if all(word in STOP_WORDS or (len(word) == 1 and word.isascii()) for word in heard.casefold().split()):
        raise Refused(replies.too_common(heard))
    return Entry(term, heard)
