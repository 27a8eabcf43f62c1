"""Finds what belongs in the sections that only some kinds of notes have: by the kind's own cues, and quotes."""

import re
from collections.abc import Iterator

from notetaker.model.minutes import Item, Kind, Part
from notetaker.model.notes_kind import OF_A_MEETING, Form, Section
from notetaker.notes.minutes.sentence import VERBS, sentence
from notetaker.notes.minutes.spoken import stems, words
from notetaker.notes.minutes.statements import Statement, Talk

_CONTENT, _CONTENT_LEANING = 2, 4
"""Words that say what a sentence is about, below which it means nothing to those who were absent."""
_LONGEST = 30
"""Most words of a sentence with a cue: in a longer one, the cue says little about the rest."""
_QUOTE_WORDS = (6, 22)
"""Fewest and most words of a quote."""
_STRIKING = re.compile(
    r"\b(?:always|never|nobody|nothing|forever|the only"
    r"|the (?:most|least) \w+|more \w+ than|hate|afraid|honest|beautiful|terrible|ridiculous|impossible"
    r"|crazy|magic|death|dead|dream|truth|lie|secret|regret|swear)\b|!$",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"(?:it|its|it's|that|that's|this|these|those|he|she|he's|she's|they|they're|them|so|and|but|or|because|which"
    r"|who|then|there|also|too|yes|no|yeah|if|as|what we|I think|I guess|I mean|for)\b",
    re.IGNORECASE,
)
"""Beginnings of sentences that lean on what was said before."""


def entries(spoken: Talk, part: Part) -> Iterator[Item]:
    sections = [one for one in part.notes.sections if one.name not in OF_A_MEETING] if part.notes else []
    for statement in spoken.statements:
        if statement.text.endswith("?") or len(statement.text.split()) > _LONGEST:
            continue
        section = next((one for one in sections if one.cues and one.cues.search(statement.text)), None)
        if section and section.cues:
            text = sentence(statement.text, section.cues.search, english=False)  # the cue has the verb
            if text and _stands_alone(text):
                yield _item(section, text, statement, spoken)
    for section in sections:
        if section.form is Form.QUOTES and section.cues is None:
            yield from _quote(section, spoken)


def _stands_alone(text: str) -> bool:
    return len(stems(text)) >= (_CONTENT_LEANING if _LEANS.match(text) else _CONTENT)


def _quote(section: Section, spoken: Talk) -> Iterator[Item]:
    """Yield the most striking sentence that stands alone, if there is one."""
    striking = [
        (len({match[0].lower() for match in _STRIKING.finditer(statement.text)}), statement)
        for statement in spoken.statements
        if _QUOTE_WORDS[0] <= len(statement.text.split()) <= _QUOTE_WORDS[1]
        and statement.text.endswith((".", "!"))
        and not _LEANS.match(statement.text)
        and words(statement.text)[0] not in VERBS  # whose subject is missing
        and len(stems(statement.text)) > _CONTENT
        and statement.text.startswith((sentence(statement.text, english=False) or "?")[:10])
    ]
    strength, best = max(striking, key=lambda one: one[0], default=(0, None))
    if best and strength:
        yield _item(section, best.text, best, spoken)


def _item(section: Section, text: str, statement: Statement, spoken: Talk) -> Item:
    cites = tuple(spoken.lines[index].utterance_id for index in statement.at)
    return Item(Kind.ENTRY, text, cites, section=section.name)
