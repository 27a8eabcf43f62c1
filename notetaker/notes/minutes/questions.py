"""Questions that were left open."""

import re
from collections.abc import Iterator

from notetaker.model.minutes import Item, Kind
from notetaker.notes.minutes.sentence import sentence
from notetaker.notes.minutes.spoken import stems
from notetaker.notes.minutes.statements import Statement, Talk

_SHORTEST = 7
_AFTER = 4
"""Lines after a question in which somebody may say that it is open."""
_OPEN = re.compile(
    r"\b(?:(?:don't|do not|didn't|no one|nobody) (?:really )?(?:know|remember|decide)|no idea|not sure|good question|"
    r"we'll see|have to (?:look|see|find|check|think)|that's the question|depends|hard to say|"
    r"(?:discuss|decide|talk about|come back to|think about|look at) (?:that|it|this)\b.{0,20}\b(?:later"
    r"|next|another)|"
    r"cross that bridge|worth looking into|get back to)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:(?:open|main|real|core|big|other) questions?|the question is|question is (?:how|what|why|whether"
    r"|if|where|who)"
    r"|we (?:don't|do not) know (?:how|what|why|whether|if|where|who)|still (?:open|unclear)"
    r"|have to (?:decide|find out|"
    r"figure out) (?:how|what|whether|if|which|who))\b",
    re.IGNORECASE,
)


def open_questions(spoken: Talk) -> Iterator[Item]:
    for statement in spoken.statements:
        asked = statement.text.endswith("?") and _is_left_open(statement, spoken)
        if not (asked or _NAMED.search(statement.text)) or len(stems(statement.text)) < 3:
            continue
        text = sentence(statement.text)
        if text is not None and len(text.split()) >= _SHORTEST:
            yield Item(Kind.QUESTION, text, tuple(spoken.lines[index].utterance_id for index in statement.at))


def _is_left_open(statement: Statement, spoken: Talk) -> bool:
    last = statement.at[-1]
    return any(_OPEN.search(text) for text in spoken.plain[last + 1 : last + 1 + _AFTER])
