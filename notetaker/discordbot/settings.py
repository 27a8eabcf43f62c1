"""/settings: what a server sets for its meetings. Only the person who asks sees the answers.

Who may use it is decided by Discord: those who manage the server, unless it has set something else.
"""

from typing import Annotated, Any

import discord

from notetaker.discordbot import consent, vocabulary
from notetaker.discordbot.answering import AnsweringCog, answer, defer, guild_of
from notetaker.discordbot.options import (
    kind_choices,
    kind_of,
    language_choices,
    language_of,
    time_zone_choices,
    time_zone_of,
)
from notetaker.discordbot.ports import Refused, ServerSettings
from notetaker.model.consent import MODES
from notetaker.model.guild_settings import GuildSettings
from notetaker.model.languages import english_name
from notetaker.model.wording import SECOND_NS, count, duration

LONGEST_GRACE_S = 3600

_KIND = discord.Option(
    str, "The kind of notes. Leave it out for the default.", required=False, autocomplete=kind_choices
)
_LANGUAGE = discord.Option(
    str,
    "The language people speak here. Leave it out for the default.",
    required=False,
    autocomplete=language_choices,
)
_TIME_ZONE = discord.Option(
    str,
    "A city, such as Berlin. Leave it out for the default.",
    required=False,
    autocomplete=time_zone_choices,
)
_SECONDS = discord.Option(
    int,
    "How many seconds. Leave it out for the default.",
    required=False,
    min_value=0,
    max_value=LONGEST_GRACE_S,
)
_RECORD = discord.Option(bool, "Whether to record them. Leave it out for the default.", required=False)

_ADD = discord.Option(str, "Names and terms to expect, separated by commas.", required=False, max_length=1000)
_CONSENT = discord.Option(
    str,
    "Notice: all who don't refuse. Opt-in: only those who agree. Leave it out for the default.",
    required=False,
    choices=list(MODES),
)


class SettingsCommands(AnsweringCog):
    settings = discord.SlashCommandGroup(
        "settings",
        "Change how I take notes in this server.",
        default_member_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings

    @settings.command(description="Show the settings of this server.")
    async def show(self, ctx: discord.ApplicationContext) -> None:
        guild = guild_of(ctx)
        await defer(ctx, ephemeral=True)
        shown = [*_described(await self._settings.of(guild.id)).values()]
        entries = len(await self._settings.vocabulary(guild.id))
        shown.append(f"Vocabulary: **{count(entries, 'entry', 'entries')}**")
        await answer(ctx, "\n".join(["### Settings of this server", *(f"- {text}" for text in shown)]))

    @settings.command(description="Set what the notes look like.")
    async def kind(self, ctx: discord.ApplicationContext, kind: Annotated[str | None, _KIND]) -> None:
        await self._set(ctx, "kind", kind_of(ctx, kind))

    @settings.command(description="Set the language that people speak in this server.")
    async def language(
        self, ctx: discord.ApplicationContext, language: Annotated[str | None, _LANGUAGE]
    ) -> None:
        await self._set(ctx, "language", language_of(language))

    @settings.command(name="time-zone", description="Set the time zone of notes and transcripts.")
    async def time_zone(
        self, ctx: discord.ApplicationContext, zone: Annotated[str | None, _TIME_ZONE]
    ) -> None:
        await self._set(ctx, "time_zone", None if zone is None else time_zone_of(zone))

    @settings.command(
        name="empty-channel", description="Set after how many seconds without people a meeting ends."
    )
    async def empty_channel(
        self, ctx: discord.ApplicationContext, seconds: Annotated[int | None, _SECONDS]
    ) -> None:
        if seconds is not None and not 0 <= seconds <= LONGEST_GRACE_S:
            raise Refused(f"{seconds} seconds won't work. Use a number from 0 to {LONGEST_GRACE_S:,}.")
        await self._set(ctx, "empty_grace_s", seconds)

    @settings.command(description="Set whether other bots in the voice channel are recorded.")
    async def bots(self, ctx: discord.ApplicationContext, record: Annotated[bool | None, _RECORD]) -> None:
        await self._set(ctx, "record_bots", record)

    async def _entries(self, ctx: discord.AutocompleteContext) -> list[discord.OptionChoice]:
        """Return the entries to offer for removal."""
        guild_id = ctx.interaction.guild_id
        try:
            entries = [] if guild_id is None else await self._settings.vocabulary(guild_id)
        except Refused:
            return []
        return vocabulary.matching(entries, str(ctx.value or ""))

    @settings.command(name="vocabulary", description="Teach me names and terms, or show what I know.")
    async def change_vocabulary(
        self,
        ctx: discord.ApplicationContext,
        add: Annotated[str | None, _ADD],
        remove: Annotated[
            str | None,
            discord.Option(str, "A name or term to forget.", required=False, autocomplete=_entries),
        ],
    ) -> None:
        guild = guild_of(ctx)
        new = vocabulary.entries_of(add or "")
        await defer(ctx, ephemeral=True)
        if remove:
            old = vocabulary.found(await self._settings.vocabulary(guild.id), remove)
            await self._settings.remove_vocabulary(guild.id, old)
        if new:
            await self._settings.add_vocabulary(guild.id, new)
        await answer(ctx, vocabulary.described(await self._settings.vocabulary(guild.id)))

    @settings.command(description="Set who is recorded.")
    async def consent(self, ctx: discord.ApplicationContext, mode: Annotated[str | None, _CONSENT]) -> None:
        await self._set(ctx, "consent", mode)

    async def _set(self, ctx: discord.ApplicationContext, name: str, value: Any) -> None:
        guild = guild_of(ctx)
        await defer(ctx, ephemeral=True)
        await self._settings.set(guild.id, name, value)
        now = _described(await self._settings.of(guild.id))[name]
        await answer(ctx, f"{now}. This holds from the next meeting on.")


def _described(settings: GuildSettings) -> dict[str, str]:
    """Return a sentence about each setting, by the name of its field."""
    language = settings.language
    grace = duration(round(settings.empty_grace_s * SECOND_NS))
    shown = {
        "kind": f"Kind of notes: **{settings.kind}**",
        "language": f"Language: **{'detected for each person' if language is None else english_name(language)}**",
        "time_zone": f"Time zone: **{settings.time_zone}**",
        "empty_grace_s": f"When everyone has left: the meeting ends after **{grace}**",
        "record_bots": f"Other bots: **{'recorded' if settings.record_bots else 'not recorded'}**",
        "consent": f"Consent: **{settings.consent}**, {consent.MODES[settings.consent]}",
    }
    return {name: text if name in settings.own else f"{text} (the default)" for name, text in shown.items()}
