"""How commands are answered: always, and with one sentence where they cannot be carried out."""

import logging

import discord

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Refused
from notetaker.discordbot.publish import Undelivered, delivering
from notetaker.model import events

log = logging.getLogger(__name__)

UNANSWERED = "Cannot answer /%s: %s"


class AnsweringCog(discord.Cog):
    """A command that cannot be carried out raises Refused, and ``cog_command_error`` answers with its message."""

    async def cog_command_error(self, ctx: discord.ApplicationContext, error: Exception) -> None:
        """Answer with the refusal, or say that something went wrong.

        If Discord did not accept an answer, do not send another one: the command may have been carried out.
        """
        raised = error.original if isinstance(error, discord.ApplicationCommandInvokeError) else error
        if isinstance(raised, Undelivered):
            log.warning(UNANSWERED, ctx.command, raised)
            return
        if isinstance(raised, Refused):
            text = str(raised)
        else:
            log.error("/%s failed", ctx.command, exc_info=events.without_text(raised), extra=events.BUG())
            text = replies.INTERNAL_FAILURE
        try:
            await answer(ctx, text)
        except Undelivered as failed:
            log.warning(UNANSWERED, ctx.command, failed)


def guild_of(ctx: discord.ApplicationContext) -> discord.Guild:
    if ctx.interaction.guild_id is None:
        raise Refused(replies.NOT_IN_DMS)
    if ctx.guild is None or ctx.guild.me is None:
        raise Refused(replies.NOT_A_MEMBER)
    return ctx.guild


async def defer(ctx: discord.ApplicationContext, *, ephemeral: bool = False) -> None:
    """Show that the bot is thinking: to everyone, or to the person alone. Raises Undelivered."""
    with delivering():
        await ctx.defer(ephemeral=ephemeral)


async def answer(ctx: discord.ApplicationContext, text: str) -> int | None:
    """Replace the deferred answer. Without one, only the person who used the command sees it.

    Return the id of the message if everyone sees it. Raises Undelivered.
    """
    with delivering():
        if ctx.interaction.response.is_done():
            message = await ctx.interaction.edit_original_response(content=text)
            return None if message.flags.ephemeral else message.id
        await ctx.respond(text, ephemeral=True)
        return None
