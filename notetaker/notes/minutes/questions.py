"""Questions that were left open."""

import re
from collections.abc import Iterator

from notetaker.model.minutes import Item, Kind
from notetaker.notes.minutes.sentence import sentence
from notetaker.notes.minutes.spoken import stems
from notetaker.notes.minutes.statements import Statement, Talk

_SHORTEST = 7
"""Fewest words."""
_AFTER = 4
"""Lines after a question in which somebody may say that it is open."""
_ANSWER = 14
"""Most words of an answer that only says so."""
_OPEN = re.compile(
    r"\b(?:(?:I|we) (?:really )?(?:don't|do not) (?:really )?(?:know|remember)|no(?:body)? (?:idea|knows)"
    r"|good question"
    r"|we'll see|(?:I|we|I'd|we'd|we'll) have to (?:look|see|find|check|think)|that's the question|hard to say"
    r"|(?:discuss|decide|talk about|come back to|think about|look at) (?:that|it|this)\b.{0,20}\b(?:later"
    r"|next|another)"
    r"|cross that bridge|worth looking into|(?:I'm|I am) not sure)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:open questions?|question (?:is|was|of) (?:how|what|why|whether|if|where|who|which)"
    r"|we (?:don't|do not) (?:really )?know (?:how|what|why|whether|if|where|who|which)|(?:still"
    r"|remains?) (?:open|unclear)"
    r"|(?:have|need) to (?:decide|find out|figure out) (?:how|what|whether|if|which|who))\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:is|are|was|do|does|did|can|could|will|would|should|shall|have|has|what|why|how|who|which|where|when)\b",
    re.IGNORECASE,
)
_TO_YOU = re.compile(r"\byour?\b|\bremember\b", re.IGNORECASE)
"""In questions that ask what somebody knows or means, which are over when that is said."""


def open_questions(spoken: Talk) -> Iterator[Item]:
    for statement in spoken.statements:
        asked = statement.text.endswith("?") and _is_left_open(statement, spoken)
        if not (asked or _NAMED.search(statement.text)) or _TO_YOU.search(statement.text):
            continue
        text = sentence(statement.text)
        if text is None or len(text.split()) < _SHORTEST or len(stems(text)) < 3:
            continue
        if not asked or _ASKS.match(text):
            yield Item(Kind.QUESTION, text, tuple(spoken.lines[index].utterance_id for index in statement.at))


def _is_left_open(statement: Statement, spoken: Talk) -> bool:
    last = statement.at[-1]
    answers = (text for text in spoken.plain[last + 1 : last + 1 + _AFTER] if len(text.split()) <= _ANSWER)
    return any(_OPEN.search(text) for text in answers)
