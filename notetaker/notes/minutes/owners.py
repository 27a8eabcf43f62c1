"""Who is to do something, and until when, as it was said."""

import re
from collections.abc import Sequence

from notetaker.notes.minutes.sentence import VERBS
from notetaker.notes.minutes.spoken import words
from notetaker.notes.minutes.statements import Statement, Talk
from notetaker.notes.stopwords import STOP_WORDS

_SELF = re.compile(
    r"\bI(?:'ll|'m (?:going|gonna|meeting)| will| am going| have to| need to| can| still)\b|\blet me\b"
    r"|\bI (?:also |really |just )?(?:want to|wanna)\b"
    r"|\bI(?:'d| would) (?:also |really |just )?(?:(?:like|love|have|need) to|better)\b",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:we|us|everybody|everyone|both|you (?:two|both|all|guys)|all of (?:you|us)|together|the two)\b",
    re.IGNORECASE,
)
_YOU = re.compile(
    r"\b(?:(?:can|could|will|would|want|like|need) you|(?<!see if )you(?:'ll|'re going| will| are going"
    r"| should| have to| need to"
    r"| look| do| can)|please)\b",
    re.IGNORECASE,
)
_YES = [[word] for word in ("yes", "yeah", "sure", "okay", "ok", "yep", "right", "alright", "will")]
_DAYS = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_MONTHS = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn"
    r"|christmas|easter)"
)
_ORDINAL = (
    r"(?:\d+(?:st|nd|rd|th)|(?:twenty[- ]|thirty[- ])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
    r"|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth)"
)
_DUE = re.compile(
    rf"\b(?:(?:by|before|until|till|on) (?:the )?(?:end of )?(?:the |next |this )?(?:{_DAYS}|{_MONTHS}"
    rf"|tomorrow|tonight|noon"
    rf"|week|month|day|next (?:week|meeting|session|time)|meeting|lunch|{_ORDINAL}(?: of {_MONTHS})?)"
    rf"|(?:for |in )?(?:the )?next (?:week|month|meeting|session|time|{_DAYS})|this (?:afternoon|week"
    rf"|evening)|{_DAYS}"
    r"|in (?:\w+ ){1,2}(?:minutes|hours?|days|weeks)|tomorrow|tonight|today)\b(?!')",
    re.IGNORECASE,
)


def owner(statement: Statement, spoken: Talk, people: Sequence[str]) -> str | None:
    """Return the display name of the one person who is to do it; None for several, or if nobody can be told."""
    named = [name for name in people if _is_named(name, statement.text, people)]
    if len(named) == 1:
        return named[0]
    if named:
        return None
    if _SELF.search(statement.text):
        return statement.speaker
    if _SEVERAL.search(statement.text):
        return None
    if _YOU.search(statement.text):
        return _who_answers(statement, spoken)
    return None


def due(text: str) -> str | None:
    match = _DUE.search(text)
    return match[0] if match else None


def _is_named(name: str, text: str, people: Sequence[str]) -> bool:
    """Say whether a person is called by the whole name, or by a first name that only one of them has.

    In text without capitals, "will" and "may" are no names.
    """
    first = name.split()[0] if name.split() else ""
    unique = sum(other.split()[:1] == [first] for other in people) == 1
    calls = [name, first] if unique and len(first) > 2 else [name]
    if text.islower():
        calls = [call.lower() for call in calls if call.lower() not in STOP_WORDS | VERBS]
    return any(re.search(rf"\b{re.escape(call)}\b", text) for call in calls if call)


def _who_answers(statement: Statement, spoken: Talk) -> str | None:
    """Return who says "okay" next."""
    for index in range(statement.at[-1] + 1, min(statement.at[-1] + 3, len(spoken.lines))):
        line = spoken.lines[index]
        if line.speaker != statement.speaker and line.text.strip():
            agrees = spoken.listening[index] or words(line.text)[:1] in _YES
            return line.speaker if agrees else None
    return None
