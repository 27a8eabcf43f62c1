"""Foreign text (names, words, causes) in Discord Markdown: it shows as it is, formats nothing and pings nobody."""

import re
import unicodedata

_SYNTAX = re.compile(r"[\\*_~`|<\[]|&(?=#?\w+;)|(?<=\w):(?=//)")
_AT_START = re.compile(r"^(?:[-+#>]|\d+(?=[.)]))")
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Marks that would reorder the text around them, or hide."""
_ZERO_WIDTH_SPACE = "\u200b"


def escape(text: str) -> str:
    """``text`` on one line, to be put anywhere in a Markdown line.

    Punctuation is escaped by a backslash. Mentions are also taken apart, by a zero-width space behind every
    @ (as py-cord's ``escape_mentions`` does): Discord looks for them in the raw text, backslash or not.
    """
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in _INVISIBLE.sub("", text))
    text = " ".join(text.split())
    text = at_start(_SYNTAX.sub(r"\\\g<0>", text))
    return text.replace("@", "@" + _ZERO_WIDTH_SPACE)


def at_start(text: str) -> str:
    """``text`` to begin a line with, where ``22. November`` would become an item of a list."""
    return _AT_START.sub(lambda match: f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}", text)


def length(text: str) -> int:
    """In UTF-16 code units, the widest way in which Discord's limits are counted."""
    return len(text.encode("utf-16-le")) // 2
