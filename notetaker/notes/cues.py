"""Finds decisions and tasks in English speech, punctuated or not.

Precision comes before recall: people forgive notes that miss a task, but stop reading notes that turn every
"I will see" into one.
"""

import re
from collections.abc import Iterable

_DAY = (
    r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august"
    r"|september|october|november|december|today|tonight|tomorrow|noon|midnight|morning|afternoon|evening"
    r"|day|week|weekend|month|quarter|year|meeting|deadline|\d\S*)"
)
_DUE = rf"\b(?:today|tonight|tomorrow|(?:by|before|until|on|next|this|within)(?: \S+){{0,4}}? {_DAY})\b"
_TASK = (
    r"(?:add|arrange|ask|book|bring|build|buy|call|change|check|clean|complete|contact|create|deliver|deploy|discuss"
    r"|document|draft|e-?mail|explain|fill|find|finish|fix|follow up|get back|handle|implement|improve|inform|install"
    r"|investigate|invite|look (?:at|into|for)|mail|make|measure|merge|message|move|open|order|organi[sz]e|pay|plan"
    r"|post|prepare|present|publish|read|release|remind|remove|repair|replace|report|research|review|rewrite|schedule"
    r"|send|set up|share|show|sign|sort out|speak|submit|take (?:care|over)|talk|tell|test|translate|try|update"
    r"|upload|write)"
)
_BY_THE_WAY = r"(?:(?:also|now|then|just|please|definitely|certainly|personally|try to|go and) )*"
_WILL = r"(?:will|am going to|is going to|are going to)"
_WILL_SHORT = r"'(?:ll|m going to|s going to|re going to)"
_OUGHT = r"(?:must|should|have to|has to|need to|needs to)"
_PERSON = r"(?:i|you|he|she|they|we|someone|somebody|everyone|everybody)"

_IF = "after|before|did|had|has|have|if|once|unless|until|when|whether"
_HYPOTHETICAL = "".join(rf"(?<!\b{word} )" for word in _IF.split("|"))
"""Lookbehinds that rule out "have we decided" and "if we decided", which decide nothing."""

_DECISION = re.compile(
    rf"{_HYPOTHETICAL}\b(?:"
    r"(?:we|we have|we've|it is|it's|it was|it has been|everyone|everybody)"
    r" (?:(?:all|already|also|both|finally|just|now|then) )*(?:agreed|decided|settled|approved|voted)"
    r"|we (?:all )?agree (?:on|that|to)"
    r"|let(?:'s| us) (?:all )?(?:agree|go with|settle|stick with)"
    r"|we(?:'ll| will|'re going to| are going to) (?:go|stick) with"
    r"|we(?:'re| are) going with"
    r"|(?:the|our|my|final) decision (?:is|was)"
    r")\b",
    re.IGNORECASE,
)

_REQUEST = rf"(?:(?:can|could|will|would) you(?: please)?|please) {_TASK}\b"
_EXPLICIT = r"(?:action item|to[- ]do item|(?:your|my|his|her) (?:task|job) is to)\b"


def decisions(text: str) -> list[re.Match[str]]:
    """Return the places where someone says that something was decided."""
    return [] if _is_question(text) else list(_DECISION.finditer(_plain(text)))


class Tasks:
    """Finds tasks."""

    def __init__(self, names: Iterable[str]) -> None:
        """``names`` are those of people who may be given a task."""
        words = {word for name in names for word in (name, name.split()[0] if name.split() else "")}
        name = "|".join(sorted(re.escape(_plain(word)) for word in words if len(word) > 1)) or r"(?!)"
        # "I will send it" and "Ben will send it" name an owner; a task without one needs a date
        owned = rf"(?:(?:i|{name}) {_WILL}|(?:i|{name}){_WILL_SHORT}) {_BY_THE_WAY}{_TASK}\b"
        dated = (
            rf"(?:(?:{_PERSON}|{name}) (?:{_WILL}|{_OUGHT})|(?:{_PERSON}|{name}){_WILL_SHORT})"
            rf" (?!not\b|never\b|be\b|see\b)(?:\S+ ){{1,15}}?(?={_DUE})"
        )
        self._statement = re.compile(
            rf"(?<!\bif )(?<!\bwhen )\b(?:{owned}|{dated}|{_EXPLICIT}|{_REQUEST})", re.IGNORECASE
        )
        self._request = re.compile(rf"\b{_REQUEST}", re.IGNORECASE)

    def find(self, text: str) -> list[re.Match[str]]:
        """Return the places where someone takes on or assigns a task. A question can only assign one."""
        pattern = self._request if _is_question(text) else self._statement
        return list(pattern.finditer(_plain(text)))


def _is_question(text: str) -> bool:
    return text.rstrip().endswith("?")


def _plain(text: str) -> str:
    """Normalise apostrophes. The length stays, so that a match in the result is a match in ``text``."""
    return text.replace("’", "'")
