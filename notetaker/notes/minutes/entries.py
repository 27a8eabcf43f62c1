"""Finds what belongs in the sections that only some kinds of notes have: by the kind's own cues, and quotes."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

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


_BOUNDARY = re.compile(r"[,;:.]\s+(?:(?:and|but|so)\s+)?|\s+(?:and|but)\s+")
"""Where a clause may end."""
_DENIAL = re.compile(r"n't\b|\b(?:no|not|never|nothing|nobody|without|cannot)\b", re.IGNORECASE)


def entries(spoken: Talk, part: Part) -> Iterator[Item]:
    sections = [one for one in part.notes.sections if one.name not in OF_A_MEETING] if part.notes else []
    for statement in spoken.statements:
        if statement.text.endswith("?"):
            continue
        for section, said in _told(statement.text.replace("’", "'"), sections):
            matters = section.cues and section.cues.search
            text = sentence(said, matters, english=False)  # the cue has the verb
            if text and _stands_alone(text) and len(said.split()) <= _LONGEST:
                yield _item(section, text, statement, spoken)
    for section in sections:
        if section.form is Form.QUOTES and section.cues is None:
            yield from _quote(section, spoken)


def _told(text: str, sections: Sequence[Section]) -> list[tuple[Section, str]]:
    """Return what belongs in which section: the whole sentence, or its clauses if they belong in several."""
    found: dict[tuple[int, int], Section] = {}
    for section in sections:
        for match in section.cues.finditer(text) if section.cues else ():
            clause = [(0, 0), *(one.span() for one in _BOUNDARY.finditer(text, 0, match.start()))][-1]
            if not _DENIAL.search(text, clause[1], match.start()):  # not "I don't have a blocker"
                found.setdefault(clause, section)
    runs = [next(run) for _, run in groupby(sorted(found), found.__getitem__)]
    begins = [0, *(begin for _, begin in runs[1:])]
    ends = [*(end for end, _ in runs[1:]), len(text)]
    return [(found[run], text[begin:end]) for run, begin, end in zip(runs, begins, ends, strict=False)]


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
