"""What /settings vocabulary says and does: the names and terms that a server wants spelled its way."""

import re
from collections.abc import Sequence

import discord

from notetaker.discordbot import replies
from notetaker.discordbot.options import term_of
from notetaker.discordbot.ports import Refused
from notetaker.model.vocabulary import Entry
from notetaker.model.wording import clip, count
from notetaker.notes.markdown import escape, length

LONGEST = 1900
"""Characters of the list. Discord docs, Create Message: 2000 in a message."""
CHOICES, LABEL = 25, 100
"""Choices, and characters in one (Discord docs, Application Command Option Choice Structure)."""


def entries_of(text: str) -> list[Entry]:
    """Return what the person typed, separated by commas. Raises Refused."""
    return [Entry(term_of(term)) for term in re.split(r"[,;\n]", text) if term.strip()]


def found(entries: Sequence[Entry], text: str) -> list[Entry]:
    """Return the entries with the term or the wrong spelling that the person typed. Raises Refused if none has."""
    key = Entry(text).key
    about = [entry for entry in entries if key in (entry.key, Entry(entry.term).key)]
    if not about:
        raise Refused(replies.not_in_vocabulary(text))
    return about


def matching(entries: Sequence[Entry], text: str) -> list[discord.OptionChoice]:
    """Return the entries to offer while somebody types."""
    wanted = [entry for entry in entries if text.casefold() in label(entry).casefold()]
    return [discord.OptionChoice(clip(label(entry), LABEL), entry.key) for entry in wanted[:CHOICES]]


def label(entry: Entry) -> str:
    """Return ``Kubernetes``, or ``Kubernetes (not Cooper Netties)``."""
    return entry.term if entry.heard is None else f"{entry.term} (not {entry.heard})"


def described(entries: Sequence[Entry]) -> str:
    if not entries:
        return (
            "This server has no vocabulary yet. Add names and terms that come up often, with /settings vocabulary "
            "add:, and I'll know how to spell them."
        )
    text = f"**{count(len(entries), 'entry', 'entries')}**, which I expect from now on: "
    for number, entry in enumerate(entries):
        more = (
            ("" if number == 0 else ", ")
            + escape(label(entry))
            + ("" if entry.by is None else f" by <@{entry.by}>")
        )
        if length(text + more) > LONGEST:
            return f"{text} and {len(entries) - number:,} more"
        text += more
    return text
