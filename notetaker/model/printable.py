"""Untrusted text, made safe for a terminal or a log."""


def printable(text: str) -> str:
    """Escape control characters and lone surrogates, which no stream can encode."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
