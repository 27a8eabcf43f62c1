"""Files for systemd's ``EnvironmentFile=``: systemd.exec(5), and src/basic/env-file.c in systemd.

They look like ``.env`` files, except that ``;`` also starts a comment, and that no comment can follow a value.
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
"""A comment, an assignment (which may span several lines), or text that systemd ignores."""

QUOTED = re.compile(r"""'([^']*)'?|"((?:\\.|[^"\\])*)"?""", re.DOTALL)
ESCAPED_IN_QUOTES = re.compile(r'\\(?:\n|(["\\`$]))')
ESCAPED = re.compile(r"\\(?:[\n\r]|(.?))", re.DOTALL)
"""The backslash is removed, with a newline after it. In double quotes it stays before any other character."""


def parse(text: str) -> dict[str, str]:
    """Return the variables. There are no errors: systemd ignores anything that is not an assignment.

    A comment ends with its line, as in systemd 254 and newer; in older versions a backslash at its end continues it.
    """
    return {
        entry["name"].rstrip(" \t"): _value(entry["quoted"], entry["bare"])
        for entry in ENTRY.finditer(text)
        if entry["name"]
    }


def _value(quoted: str, bare: str) -> str:
    parts = [single + ESCAPED_IN_QUOTES.sub(r"\1", double) for single, double in QUOTED.findall(quoted)]
    return "".join(parts) + ESCAPED.sub(r"\1", bare)
