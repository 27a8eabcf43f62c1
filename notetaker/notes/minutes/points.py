"""The outline of a part: the sentences that say most of what was talked about, and can be read alone."""

import math
import re
from collections import Counter
from collections.abc import Collection
from itertools import chain

from notetaker.model.minutes import Item, Kind, Part
from notetaker.model.wording import SECOND_NS
from notetaker.notes.minutes.repairs import is_rough
from notetaker.notes.minutes.sentence import VERBS, has_verb, sentence
from notetaker.notes.minutes.spoken import stems, words
from notetaker.notes.minutes.statements import Statement, Talk

_PER_POINT_NS = 100 * SECOND_NS
"""Length of talk that gets one point."""
_MOST = 4
_WORDS = (8, 60)
"""Fewest and most words of a statement that may be a point."""
_LEAST = 3
"""Fewest words in it that say what it is about."""

_ABOUT_THE_MEETING = re.compile(
    r"\b(?:thanks?(?: you)?|welcome|hello|sorry|presentations?|slides?|agenda|my (?:name|role|screen|mic\w*)"
    r"|questions?"
    r"|hear me|let me|let's|(?:I|we)(?:'ll| will|'m going to|'m gonna|'re going to| would like to|'d like to| want to"
    r"| wanted to| was| were) (?:just )?(?:show|talk\w*|say\w*|explain|start|go|tell|ask|present|discuss"
    r"|have a look|look"
    r"|move|mention|come|begin)|as I (?:said|say|mentioned)|I (?:just )?(?:asked|said|mentioned|mean)"
    r"|you (?:can )?see|remember|show you|things? (?:for )?today)\b|^I(?:'ll|'m going to|'m gonna)\b",
    re.IGNORECASE,
)
_NEEDS_WHAT_WAS_BEFORE = re.compile(
    r"(?:that|this|it|they|he|she|which|those|these|there|him|them|one)\b|.*\b(?:here|this one|that one"
    r"|these ones)\b",
    re.IGNORECASE,
)
_OPINION = re.compile(r"\b(?:I|you|me|my|maybe|perhaps|probably)\b")
_ASKS = re.compile(
    r"(?:or\b|than\b|as against|like if|(?:is|are|was|were|do|does|did|can|could|will|would|should|shall|have|has"
    r"|what|why"
    r"|how|who|which|where|when) (?:I|we|you|they|he|she|it|there|that|the|this|those|these|any\w*)\b(?!.*,))",
    re.IGNORECASE,
)
"""Questions that the engine wrote without a question mark, and second halves."""
_DEPENDENT = re.compile(
    r"(?<!of )(?<!^)\b(?:that|which|who)\b(?!')[^,]*|"
    r"\b(?:if|when|because|'cause|cuz|since|as|whether|though|although|unless|while)\b[^,]*",
    re.IGNORECASE,
)
_PREPOSITION = re.compile(
    r"(?:about|after|at|before|besides|by|for|from|in|into|of|on|out|through|to|with|without)\b",
    re.IGNORECASE,
)
_NOT_FINITE = re.compile(r"\b(?:to \w+|\w+ing)\b(?!')", re.IGNORECASE)
_LEFTOVER = re.compile(
    r"(?:not|all (?:of )?the|(?:if|that) (?:when|if|cuz|because))\b|.*\band stuff\b", re.IGNORECASE
)
"""Beginnings that nothing stands before, and an end that says nothing."""
_EMPTY_SUBJECT = re.compile(r"(?:it|they|there|this|that)(?:'\w+)?\b", re.IGNORECASE)
_CONTENT = 4
"""Fewest words that say something of a sentence whose subject says nothing."""
_WORTH = ((_ABOUT_THE_MEETING.search, 0.4), (_NEEDS_WHAT_WAS_BEFORE.match, 0.75), (_OPINION.search, 0.85))
"""What makes a sentence worth less in an outline."""


def points(spoken: Talk, part: Part, told: Collection[str]) -> list[Item]:
    """Return the sentences whose words are the most frequent in this part, the weightiest first.

    Lines in ``told`` are in other items already. This is SumBasic (Nenkova and Vanderwende, "The impact of frequency
    on summarization", 2005).
    """
    weight = Counter(chain.from_iterable(stems(text) for text in spoken.plain))
    worth = {word: number / weight.total() for word, number in weight.items()}
    english = part.language == "en"
    candidates = {
        number: (text, stems(text), _readability(text) if english else 1.0)
        for number, statement in enumerate(spoken.statements)
        if not any(spoken.lines[index].utterance_id in told for index in statement.at)
        and (text := _readable(statement, english=english)) is not None
        and len(stems(text)) >= _LEAST
    }
    lasts_ns = part.lines[-1].ended_ns - part.lines[0].started_ns
    places = max(1, min(round(lasts_ns / _PER_POINT_NS), _MOST))
    found: list[Item] = []
    while candidates and len(found) < places:
        best = max(candidates, key=lambda number: (_score(worth, *candidates[number][1:]), -number))
        text, said, _ = candidates.pop(best)
        cites = tuple(spoken.lines[index].utterance_id for index in spoken.statements[best].at)
        found.append(Item(Kind.POINT, text, cites))
        for word in said:
            worth[word] = worth.get(word, 0.0) ** 2  # told: the next point should be about something else
    return found


def _readable(statement: Statement, *, english: bool) -> str | None:
    if not _WORDS[0] <= len(statement.text.split()) <= _WORDS[1] or statement.text.endswith("?"):
        return None
    text = sentence(statement.text, english=english)
    if text is None or (english and (is_rough(text) or _ASKS.match(text) or not _is_whole(text))):
        return None
    return text


def _is_whole(text: str) -> bool:
    """Say whether a sentence has its subject and a main clause, unlike "at twenty hertz since they're slower"."""
    first = words(text)[0]
    if first in VERBS or _LEFTOVER.match(text):
        return False
    if _EMPTY_SUBJECT.match(text) and len(stems(text)) < _CONTENT:
        return False
    if _PREPOSITION.match(text) or _DEPENDENT.match(text):
        return has_verb(_NOT_FINITE.sub("", _DEPENDENT.sub("", text)))
    return has_verb(_NOT_FINITE.sub("", text.partition(", ")[0])) or len(text.partition(",")[0].split()) < 3


def _readability(text: str) -> float:
    return math.prod(share for found, share in _WORTH if found(text))


def _score(worth: dict[str, float], said: set[str], readability: float) -> float:
    # A capital at the start may make another word of one: "ışık" is "işık" when it is in lower case again.
    return readability * math.fsum(worth.get(word, 0.0) for word in said) / math.sqrt(len(said) + 4)
