"""Questions that were left open."""

import re
from collections.abc import Iterator

from notetaker.model.minutes import Item, Kind
from notetaker.notes.minutes.repairs import is_rough
from notetaker.notes.minutes.sentence import sentence
from notetaker.notes.minutes.spoken import stems
from notetaker.notes.minutes.statements import Statement, Talk

_SHORTEST = 7
"""Fewest words."""
_AFTER = 4
"""Lines after a question in which somebody may say that it is open."""
_ANSWER = 14
"""Words at the beginning of an answer that say whether there is one."""
_OPEN = re.compile(
    r"\b(?:(?:I|we) (?:really )?(?:don't|do not) (?:really )?(?:know|remember)\b(?! (?:if|that|what you|where"
    r"|why you|the))"
    r"|no(?:body)? (?:idea|knows)|good question|we'll see|(?:I|we|I'd|we'd|we'll) have to (?:look|see|find"
    r"|check|think)"
    r"|that's the question|(?:discuss|decide|talk about|come back to|think about|look at) (?:that|it|this)\b.{0,20}"
    r"\b(?:later|next|another)|cross that bridge|(?:don't|do not|haven't) (?:have|know|got)(?: that| it)? yet"
    r"|worth looking into|(?:I'm|I am|we're) not sure)\b",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"\b(?:early to (?:say|tell)|(?:hard|difficult|impossible) to (?:say|tell|know)|(?:don't|haven't|do not|have not)"
    r"(?: got| have)? (?:those|that|the|any|these) (?:exact )?(?:figures?|numbers?|data|information|details?)"
    r"|(?:don't|do not) publish|not (?:yet )?in a position|not (?:yet )?ready to|(?:get|come) back to you"
    r"|haven't (?:decided|looked into|thought about|got that far)|nobody knows|no idea|not (?:clear|decided) yet"
    r"|not yet (?:clear|decided)|still (?:open|unclear)|can't (?:say|tell) yet|remains to be seen)\b",
    re.IGNORECASE,
)
"""What leaves open even what somebody was asked in person."""
_WH = r"(?:how|what|why|whether|where|who|which)"
_NAMED = re.compile(
    rf"\b(?:open questions?(?: (?:is|are|there|for|of)\b|,)|question\b(?: \w+){{0,4}} (?:is|was|of),?(?: now)?"
    rf" (?:{_WH}|should|is|are|do|if we)\b|we (?:don't|do not) (?:really |yet )?know (?:yet )?{_WH}"
    rf"|(?:still|remains?) (?:open|unclear) {_WH}|(?:have|need) to (?:find out|figure out|ask) (?:how|what|whether|if"
    r"|which|who))\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:.{0,60}, )?(?:is|are|was|do|does|did|can|could|will|would|should|shall|have|has|what|why|how|who|which"
    r"|where|when)\b",
    re.IGNORECASE,
)
_TO_YOU = re.compile(r"\byour?\b|\bremember\b", re.IGNORECASE)
"""In questions that ask what somebody knows or means, which are over when that is said."""
_POINTS_BACK = re.compile(
    r"(?:is|are|was|will|would|does|did|can|could|should) (?:it|that|this|they)\b", re.IGNORECASE
)
_ENOUGH = 6
"""Words that say what a question is about, if it begins with "is it"."""


def open_questions(spoken: Talk) -> Iterator[Item]:
    for statement in spoken.statements:
        named = bool(_NAMED.search(statement.text))
        asked = statement.text.endswith("?") and _is_left_open(statement, spoken)
        if not named and not asked:
            continue
        text = sentence(statement.text, _NAMED.search)
        if text is None or len(text.split()) < _SHORTEST or len(stems(text)) < 3 or is_rough(text):
            continue
        if _POINTS_BACK.match(text) and len(stems(text)) < _ENOUGH:
            continue
        if named or _ASKS.match(text):
            yield Item(Kind.QUESTION, text, tuple(spoken.lines[index].utterance_id for index in statement.at))


def _is_left_open(statement: Statement, spoken: Talk) -> bool:
    """Say whether others do not answer a question, but say that it is open, or that they cannot."""
    last = statement.at[-1]
    replies = range(last + 1, min(last + 1 + _AFTER, len(spoken.lines)))
    answers = [" ".join(spoken.plain[index].split()[:_ANSWER]) for index in replies]
    if any(_NO_ANSWER.search(answer) for answer in answers[:2]):
        return True
    short = [answer for answer in answers if len(answer.split()) < _ANSWER]
    return not _TO_YOU.search(statement.text) and any(_OPEN.search(answer) for answer in short)
