"""Files for systemd's ``EnvironmentFile=``: systemd.exec(5), and src/basic/env-file.c in systemd.

They look like a ``.env`` file, and differ: ``;`` begins a comment as ``#`` does, but neither does so behind a value.
"""

import re

ENTRY = re.compile(
    r"""
      [#;] [^\n\r]*
    | (?P<name> \S [^=\n\r]*) =
      (?P<quoted> (?: [ \t]* (?: '[^']*(?:'|\Z) | "(?:\\.|[^"\\])*(?:"|\\?\Z) ) )* )
      [ \t]* (?P<bare> (?:\\(?:.|\Z)|[^\\\n\r])*? ) [ \t]* (?=[\n\r]|\Z)
    | \S [^\n\r]*
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
"""A comment, an assignment, which may go on over several lines, or what systemd leaves out."""

QUOTED = re.compile(r"""'([^']*)'?|"((?:\\.|[^"\\])*)"?""", re.DOTALL)
ESCAPED_IN_QUOTES = re.compile(r'\\(?:\n|(["\\`$]))')
ESCAPED = re.compile(r"\\(?:[\n\r]|(.?))", re.DOTALL)
"""The backslash goes, and so does a newline behind it. In double quotes it stays before any other character."""


def parse(text: str) -> dict[str, str]:
    """The variables. There are no mistakes: systemd leaves out what is no assignment.

    A comment ends with its line, as from systemd 254 on; until then, a backslash at its end continued it.
    """
    return {
        entry["name"].rstrip(" \t"): _value(entry["quoted"], entry["bare"])
        for entry in ENTRY.finditer(text)
        if entry["name"]
    }


def _value(quoted: str, bare: str) -> str:
    parts = [single + ESCAPED_IN_QUOTES.sub(r"\1", double) for single, double in QUOTED.findall(quoted)]
    return "".join(parts) + ESCAPED.sub(r"\1", bare)
