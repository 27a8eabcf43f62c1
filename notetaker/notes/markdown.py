"""Escaping of outside text (names, speech, reasons) in Discord Markdown: it formats nothing and pings no one."""

import re
import unicodedata

_SYNTAX = re.compile(r"[\\*_~`|<\[]|&(?=#?\w+;)|(?<=\w):(?=//)")
_AT_START = re.compile(r"^(?:[-+#>]|\d+(?=[.)]))")
_INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Invisible marks, some of which reorder the text around them."""
_ZERO_WIDTH_SPACE = "\u200b"


def escape(text: str) -> str:
    """Return ``text`` on one line, escaped for any place in a Markdown line.

    Punctuation is escaped with a backslash. Mentions are also broken up, with a zero-width space after every @ (as
    py-cord's ``escape_mentions`` does), because Discord looks for them in the raw text, backslash or not.
    """
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in _INVISIBLE.sub("", text))
    text = " ".join(text.split())
    text = at_start(_SYNTAX.sub(r"\\\g<0>", text))
    return text.replace("@", "@" + _ZERO_WIDTH_SPACE)


def at_start(text: str) -> str:
    """Return ``text`` escaped for the start of a line, where ``22. November`` would become a list item."""
    return _AT_START.sub(lambda match: f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}", text)


def length(text: str) -> int:
    """Return the length in UTF-16 code units, the most that Discord may count."""
    return len(text.encode("utf-16-le")) // 2
