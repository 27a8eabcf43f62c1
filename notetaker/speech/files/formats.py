"""Writes a transcript as text, SRT, WebVTT or JSON.

Control characters are escaped, because the text is untrusted and may be shown in a terminal.
"""

import json
import re
from abc import ABC, abstractmethod
from typing import Any, Final

from notetaker.model.printable import printable
from notetaker.speech.engine import Word
from notetaker.speech.files.subtitles import Cue, Cues
from notetaker.speech.files.transcript import Segment

_JOINER = re.compile("([\u200c\u200d])")
"""Zero-width characters that Persian, Hindi and other languages need for spelling."""


class Format(ABC):
    """Writes the parts of a document, in order."""

    def head(self) -> str:
        return ""

    @abstractmethod
    def segment(self, segment: Segment) -> str: ...

    def tail(self, *, file: str, length_s: float, language: str | None, engine: str) -> str:
        """``language`` is a code, or None if there is no speech."""
        return ""


class Text(Format):
    """Plain text, one segment per line."""

    def segment(self, segment: Segment) -> str:
        return f"{_safe(segment.text)}\n"


class _Subtitles(Format):
    def __init__(self) -> None:
        self._cues = Cues()
        self._number = 0

    def segment(self, segment: Segment) -> str:
        return "".join(map(self._cue, self._cues.of(segment)))

    @abstractmethod
    def _cue(self, cue: Cue) -> str: ...


class Srt(_Subtitles):
    """SubRip, as FFmpeg and players read it, without escapes."""

    def _cue(self, cue: Cue) -> str:
        self._number += 1
        text = "\n".join(map(_safe, cue.lines)).replace("-->", "→")
        return f"{self._number}\n{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}\n{text}\n\n"


class Vtt(_Subtitles):
    """WebVTT (W3C), in which &, < and > are escaped."""

    def head(self) -> str:
        return "WEBVTT\n\n"

    def _cue(self, cue: Cue) -> str:
        text = "\n".join(map(_safe, cue.lines))
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}\n{text}\n\n"


class Json(Format):
    """One JSON object, in ASCII."""

    def __init__(self) -> None:
        self._segments: list[dict[str, Any]] = []

    def segment(self, segment: Segment) -> str:
        self._segments.append(
            {
                "start_s": round(segment.start_s, 3),
                "end_s": round(segment.end_s, 3),
                "text": segment.text,
                "words": [_word(word) for word in segment.words],
            }
        )
        return ""

    def tail(self, *, file: str, length_s: float, language: str | None, engine: str) -> str:
        document = {
            "file": file,
            "duration_s": round(length_s, 3),
            "language": language,
            "engine": engine,
            "segments": self._segments,
        }
        return json.dumps(document, indent=2) + "\n"


FORMATS: Final[dict[str, type[Format]]] = {
    "text": Text,
    "srt": Srt,
    "vtt": Vtt,
    "json": Json,
}


def _word(word: Word) -> dict[str, Any]:
    return {
        "text": word.text.strip(),
        "start_s": round(word.start_s, 3),
        "end_s": round(word.end_s, 3),
        "confidence": round(word.confidence, 3),
    }


def _safe(text: str) -> str:
    return "".join(part if _JOINER.fullmatch(part) else printable(part) for part in _JOINER.split(text))


def _time(ms: int, point: str) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{ms:03}"
