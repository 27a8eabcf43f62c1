"""Options that several commands have: what to offer while a person types, and what the text means."""

from typing import Any, cast

import discord

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Refused
from notetaker.model import languages, time_zones
from notetaker.model.vocabulary import fault_of, tidy
from notetaker.notes.kinds import Kinds

OFFERED = 25
"""Most choices that Discord shows (Discord docs, Application Commands, Autocomplete)."""


def language_choices(ctx: discord.AutocompleteContext) -> list[discord.OptionChoice]:
    """Return the languages to offer."""
    found = languages.matching(str(ctx.value or ""))
    return [discord.OptionChoice(language.label, language.code) for language in found]


def language_of(text: str | None) -> str | None:
    """Return the code of the language that the person picked or typed; None for none. Raises Refused."""
    if text is None or not text.strip():
        return None
    language = languages.find(text)
    if language is None:
        raise Refused(replies.unknown_language(text))
    return language.code


def kind_choices(ctx: discord.AutocompleteContext) -> list[discord.OptionChoice]:
    """Return the kinds of notes to offer."""
    found = _kinds(ctx.bot).matching(str(ctx.value or ""))
    return [discord.OptionChoice(f"{kind.name}: {kind.description}", kind.name) for kind in found[:OFFERED]]


def kind_of(ctx: discord.ApplicationContext, text: str | None) -> str | None:
    """Return the name of the kind of notes that the person picked or typed; None for none. Raises Refused."""
    if text is None or not text.strip():
        return None
    kinds = _kinds(ctx.bot)
    found = kinds.by_name.get(text.strip().casefold()) or next(iter(kinds.matching(text)), None)
    if found is None:
        raise Refused(replies.unknown_kind(text))
    return found.name


def _kinds(bot: object) -> Kinds:
    return cast(Kinds, cast(Any, bot).kinds)


def time_zone_choices(ctx: discord.AutocompleteContext) -> list[discord.OptionChoice]:
    """Return the time zones to offer."""
    return [discord.OptionChoice(name, name) for name in time_zones.matching(str(ctx.value or ""))]


def time_zone_of(text: str) -> str:
    """Return the IANA name of the time zone that the person picked or typed. Raises Refused."""
    name = time_zones.find(text)
    if name is None:
        raise Refused(replies.unknown_time_zone(text))
    return name


def term_of(text: str) -> str:
    """Return the name or term that the person typed, with single spaces. Raises Refused."""
    term = tidy(text)
    if (fault := fault_of(term)) is not None:
        raise Refused(replies.not_a_term(term, fault))
    return term
