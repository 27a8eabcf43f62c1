"""/privacy: whether somebody is recorded, and what is kept of them. Only they see the answers."""

import io

import discord

from notetaker.discordbot import consent
from notetaker.discordbot.answering import AnsweringCog, answer, defer, guild_of
from notetaker.discordbot.ports import Privacy
from notetaker.discordbot.publish import delivering

FILE_MAX = 8_000_000
"""Most bytes of a file. Discord takes 10 MiB (Discord docs, Uploading Files)."""


class PrivacyCommands(AnsweringCog):
    privacy = discord.SlashCommandGroup("privacy", "Decide whether I record you, and see what I keep of you.")

    def __init__(self, privacy: Privacy) -> None:
        self._privacy = privacy

    @privacy.command(description="Show whether I record you in this server, and what I keep of you.")
    async def status(self, ctx: discord.ApplicationContext) -> None:
        guild = guild_of(ctx)
        await defer(ctx, ephemeral=True)
        await answer(ctx, consent.standing(await self._privacy.standing(guild.id, ctx.author.id)))

    @privacy.command(description="Don't record me in this server, from now on.")
    async def refuse(self, ctx: discord.ApplicationContext) -> None:
        guild = guild_of(ctx)
        await defer(ctx, ephemeral=True)
        await self._privacy.refuse(guild.id, ctx.author.id)
        await answer(ctx, consent.REFUSED)

    @privacy.command(description="Record me when notes are taken in this server.")
    async def allow(self, ctx: discord.ApplicationContext) -> None:
        guild = guild_of(ctx)
        await defer(ctx, ephemeral=True)
        await self._privacy.allow(guild.id, ctx.author.id)
        await answer(ctx, consent.ALLOWED)

    @privacy.command(description="Get everything that I wrote down of what you said in this server.")
    async def export(self, ctx: discord.ApplicationContext) -> None:
        guild = guild_of(ctx)
        await defer(ctx, ephemeral=True)
        words = (await self._privacy.words(guild.id, ctx.author.id)).encode()
        if not words:
            await answer(ctx, consent.NO_WORDS)
            return
        text = consent.WORDS if len(words) <= FILE_MAX else consent.WORDS_CUT
        document = discord.File(io.BytesIO(words[-FILE_MAX:]), "my-words.txt")
        with delivering():
            await ctx.interaction.edit_original_response(content=text, files=[document])
