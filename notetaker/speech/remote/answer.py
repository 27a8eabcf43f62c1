"""Reads the answer of a transcription server, which is untrusted JSON in OpenAI's format and its variants.

OpenAI's words are bare (``Hello``), faster-whisper's include space and punctuation (``␣Hello,``), and whisper.cpp
returns tokens inside segments (``␣Hel``, ``lo``, ``,``). All become words spelled as in the text.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from notetaker.model.languages import find
from notetaker.speech.engine import Heard, Word

_LONGEST_TEXT: Final = 5_000
"""Most characters of a text. Ten times as much as a person can say in 30 s."""
_SLACK_S: Final = 2.0
"""Seconds by which a word may end after its clip, because servers pad their window with silence."""
_REACH: Final = 60
"""Characters in which to search for the next word; skipped ones belong to the word before."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_WRITTEN_WITHOUT_BLANKS: Final = re.compile(
    r"\W*[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
"""Text in Thai, Lao, Burmese, Khmer, Japanese or Chinese."""


class _Word(BaseModel):
    word: str
    start: float
    end: float
    probability: float = Field(default=1.0, ge=0, le=1)
    """The confidence, which OpenAI omits."""


class _Segment(BaseModel):
    words: list[_Word] = []


class _Answer(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    text: str = Field(max_length=_LONGEST_TEXT)
    language: Any = None
    words: Any = None
    segments: Any = None


_WORDS: Final = TypeAdapter(list[_Word])
_SEGMENTS: Final = TypeAdapter(list[_Segment])


def read(answer: bytes, length_s: float) -> Heard:
    """Return a clip's text, and its words if their times make sense. Raises ValueError, which quotes nothing."""
    found = _Answer.model_validate_json(answer)
    text = " ".join(_CONTROL.sub(" ", found.text).split())
    words = tuple(_spelled(text, _timed(found, length_s), length_s)) if text else ()
    return Heard(text, words, _code(found.language))


def _code(language: object) -> str | None:
    """Return the ISO 639-1 code of a language, which a server may call by its code, its English name, or ``auto``."""
    found = find(language) if isinstance(language, str) else None
    return None if found is None else found.code


def _timed(answer: _Answer, length_s: float) -> list[_Word]:
    """Return an answer's words, or none if one of their times is impossible."""
    try:
        words = _WORDS.validate_python(answer.words or [])
        if not words:
            words = [
                word for segment in _SEGMENTS.validate_python(answer.segments or []) for word in segment.words
            ]
    except ValidationError:
        return []
    latest = 0.0
    for word in words:
        if not latest <= word.start <= word.end <= length_s + _SLACK_S:  # also False for NaN
            return []
        latest = word.start
    return _joined([word for word in words if word.word.strip()])


def _joined(words: list[_Word]) -> list[_Word]:
    """Join tokens to words: if any begins with a space, one without it continues the word before."""
    if not any(word.word.startswith(" ") for word in words):
        return words
    joined: list[_Word] = []
    for word in words:
        if joined and not word.word.startswith(" "):
            before = joined[-1]
            before.word += word.word
            before.end = word.end
            before.probability = min(before.probability, word.probability)
        else:
            joined.append(word)
    return joined


def _spelled(text: str, words: Sequence[_Word], length_s: float) -> Iterator[Word]:
    """Yield the words as the text spells them; joined, they are the text."""
    placed = list(_placed(text, words))
    cuts = [0, *(start for start, _ in placed[1:]), len(text)]
    for (_, word), start, end in zip(placed, cuts, cuts[1:], strict=False):
        spelling = text[start:end]
        if start == 0 and not _WRITTEN_WITHOUT_BLANKS.match(spelling):
            spelling = " " + spelling
        yield Word(spelling, min(word.start, length_s), min(word.end, length_s), word.probability)


def _placed(text: str, words: Sequence[_Word]) -> Iterator[tuple[int, _Word]]:
    """Yield where each word begins in the text, including the space and opening punctuation before it."""
    end = 0
    for word in words:
        bare = word.word.strip()
        start = text.find(bare, end, end + _REACH + len(bare))
        if start < 0:
            continue  # spelled differently in the text
        blank = text.rfind(" ", end, start)
        yield (start if blank < 0 else blank), word
        end = start + len(bare)
