"""Text from strangers, which must not steer the terminal or the log that it is shown in."""


def printable(text: str) -> str:
    """With escapes in place of control characters, and of halves of characters, which no stream takes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
