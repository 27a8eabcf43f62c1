"""A kind of notes: which sections they have, and what belongs in each. A file in ``notetaker/notes/kinds`` is one."""

import re
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

SUMMARY: Final = "summary"
"""Section with the few points that matter most."""
TOPICS: Final = "topics"
"""Section with the parts of the meeting: when each began, and what it was about."""
OF_A_MEETING: Final = frozenset({SUMMARY, TOPICS, "decisions", "actions", "questions"})
"""Sections that the writers know; what belongs in others are entries."""


class Form(StrEnum):
    """How a section is shown, and what is true of its items."""

    LIST = "list"
    """A sentence on each line."""
    PEOPLE = "people"
    """A sentence on each line, with the name of the one person who said it in front."""
    QUOTES = "quotes"
    """What one person said, word for word, with the name behind it."""
    LINE = "line"
    """Names or short phrases, all on one line."""


def _english(texts: dict[str, str]) -> dict[str, str]:
    if "en" not in texts:
        raise ValueError("it has no English text, en")
    return texts


def _pattern(cues: object) -> object:
    """Return one pattern for a list of regular expressions."""
    if not (isinstance(cues, list) and cues and all(isinstance(cue, str) for cue in cues)):
        raise ValueError("it must be a list of regular expressions")
    try:
        return re.compile("|".join(f"(?:{cue})" for cue in cues), re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"it has a wrong regular expression: {error}") from None


Texts = Annotated[dict[str, Annotated[str, Field(min_length=1, max_length=60)]], AfterValidator(_english)]
"""Texts by ISO 639-1 code of their language, English at least."""
Cues = Annotated[re.Pattern[str] | None, BeforeValidator(_pattern)]
Sentence = Annotated[str, Field(min_length=1, max_length=400)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Section(_Strict):
    name: str = Field(pattern="^[a-z][a-z_]{0,30}$")
    """One of :data:`OF_A_MEETING`, or a name of the kind's own."""
    heading: Texts
    asks: Sentence
    """What belongs in it, in English, for a language model."""
    form: Form = Form.LIST
    cues: Cues = None
    """What is said in sentences that belong in it, for the built-in writer. Without cues, it leaves a section of the
    kind's own empty, unless it is one of quotes.
    """


class NotesKind(_Strict):
    name: str = Field(min_length=1, max_length=32)
    heading: Texts
    """The heading of the notes, such as ``Meeting notes``."""
    description: str = Field(min_length=1, max_length=60)
    """What is in the notes, for people who choose a kind."""
    what: str = Field(min_length=1, max_length=120)
    """What is recorded, in English, for a language model, such as ``a team meeting``."""
    instructions: str = Field(default="", max_length=400)
    """More for a language model."""
    title: Sentence
    """What the title says, in English, for a language model."""
    sections: tuple[Section, ...] = Field(min_length=1, max_length=12)
    """In the order in which they are shown."""

    def section(self, name: str) -> Section | None:
        return next((section for section in self.sections if section.name == name), None)


def in_language(texts: dict[str, str], language: str) -> str:
    """Return the text in a language, given by its code; in English if there is none."""
    return texts.get(language, texts["en"])
