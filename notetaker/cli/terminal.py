"""Output to terminals and files that are not UTF-8: what they cannot show is replaced by something readable."""

import codecs
import sys
import unicodedata
from io import TextIOWrapper

SIGNS = str.maketrans("✓✗–—…“”‘’·→", "+x--.\"\"''.>")
"""Signs in our own texts, and what stands for them: one character each, so that columns stay aligned."""
ASCII = "notetaker_ascii"
"""The codec ASCII under a name of ours. To a stream whose encoding is called ASCII, click writes UTF-8 instead."""


def make_readable() -> None:
    """Let standard output and standard error accept any text."""
    codecs.register_error("readable", _replace)
    codecs.register(_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=ASCII if ascii_only else None, errors="readable")


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Return ``e`` for ``é``, if the stream has no ``é``, and a question mark for what has no like. See Python docs,
    codecs.register_error.
    """
    assert isinstance(error, UnicodeEncodeError), "nothing is read from these streams"
    text = error.object[error.start : error.end].translate(SIGNS)
    base = (unicodedata.normalize("NFKD", character)[0] for character in text)
    return "".join(c if c.isascii() else "?" for c in base), error.end


def _ascii(name: str) -> codecs.CodecInfo | None:
    """Find the codec ``ASCII``."""
    if name != ASCII:
        return None
    real = codecs.lookup("ascii")
    return codecs.CodecInfo(
        real.encode,
        real.decode,
        incrementalencoder=real.incrementalencoder,
        incrementaldecoder=real.incrementaldecoder,
        name=ASCII,
    )
