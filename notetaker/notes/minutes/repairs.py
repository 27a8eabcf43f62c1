"""What speakers took back while they spoke, and whether what is left can be read. English."""

import re

_NOMINATIVE = r"(?:I|we|they|he|she)(?:'\w+)?|(?:it|that|there|let|you)'\w+"
_SUBJECT = rf"(?:{_NOMINATIVE}|it|that|there|you)"
_PARENTHESIS = r"I (?:think|guess|mean|suppose|believe|hope|assume|would say|know)\b"
_DETERMINER = r"(?:the|a|an|some|our|your|my|this|these|those)"
_HELPING = r"(?:is|are|was|were|am|will|would|could|can|should|have|has|had|do|did)"
_UNFINISHED = (
    rf"(?:{_DETERMINER}|to|of|from|into|with|for|at|just|gonna|really|basically|provisionally|would)"
)

_TAKEN_BACK = tuple(
    (re.compile(pattern, re.IGNORECASE if lower else 0), replacement)
    for pattern, replacement, lower in (
        (r"(?<=[a-z,]) yeah,? (?=[a-z])|(?<=,) well,? (?=[a-z])", " ", False),
        (r"\b(\w{1,20}(?: \w{1,20})?) (?=\1'\w+)", "", True),  # "we we're"
        (r"\b(to|of|in|for|with|on|at|by|from)(?: (?:the|a|is|just))? (?=\1 )", "", True),  # "for the for"
        (r"\b(it|we|I|they|he|she|there)'\w+ (?=\1\b(?! (?:think|guess)))", "", True),  # "it's it looks"
        (
            rf"\b{_DETERMINER},? (?={_DETERMINER}\b(?! (?:lot|few|bit|little|to)\b))",
            "",
            False,
        ),  # "the yeah, the"
        (r"^(?!if|when|for|in|then|maybe)(?:\S+ ){1,3}(?=let's\b)", "", True),
        (r"\blet's (?:\w+ ){0,2}(?=let's\b)", "", True),
        (rf"\b(?:{_NOMINATIVE}) (?!{_PARENTHESIS})(?=(?:{_NOMINATIVE})\b)", "", False),  # "I we should"
        (
            rf"\b{_SUBJECT} {_HELPING} (?!{_PARENTHESIS})(?=(?:{_NOMINATIVE})\b)",
            "",
            False,
        ),  # "we should we want"
        (
            rf"(?:(?<=^)|(?<=, )|(?<=\band )|(?<=\bbut )|(?<=\bso )|(?<=\bthat )){_SUBJECT}(?: [\w']+){{0,3}}"
            rf" {_UNFINISHED} (?!{_PARENTHESIS})(?=(?:{_NOMINATIVE})\b)",
            "",
            False,
        ),  # "I want the I'd like"
        (
            r"(?<!\ba )(?<!\bany )(?<!\bsome )(?<!\bwhat )(?<!\bthis )(?<!\bthat )(?<!\bwhich )(?<!\bsame )"
            r"(?<!\bthe )"
            r"(?<!\bone )(?<!\bother )(?<!\bdifferent )(?<!\bevery )(?<!\bnew )(?<!\bright )(?<!\ball )"
            r"\b(?:kind|sort) of (?:like )?",
            "",
            True,
        ),
        (
            r",? or something(?: like that)?\b(?=[,.]| and\b)|,? and (?:stuff|things|so on|all that)\b(?=[,.])",
            "",
            True,
        ),
    )
)
_NEW_SENTENCE = re.compile(
    r"(?<=[a-z,]) (?=(?:So|But|And|The|It|It's|If|We|You|They|This|That|That's|There|There's|Yeah|Well|What"
    r"|Because|Or|In|No"
    r"|Is|When|We're|They're|Just|Some|Not|My|A|Do|Then|Let's)\b(?! [A-Z]))"
)
"""A capital after a word without a full stop: transcribers write what was broken off and begun anew so."""
_ROUGH = re.compile(
    r"\b(?:the|an|of|to|my|our|your|with) (?:I|we|they|he|she|is|are|was|were|but|so|if|because|that's|it's)\b"
    r"|\b(?:is|are|was|were|will|would|can|could|should) (?:is|are|was|were|will|would|could|can|should)\b"
    r"|\b(?:I|we|they|he|she) (?:I|we|they|he|she|it|it's|my|our|your|the|a|an|this|that|if|in|of|some|you|with"
    r"|there|what|on|for|by|at|no|not)\b"
    r"|\b(?:I don't know|dunno|whatever|blah|how do you|what do you call|I forget|where was I|yeah|okay|oh|hmm)\b"
    r"|(?<![\w'.-])(?-i:[b-hj-z])(?![\w'.-])|\b(?:and|but|so|or|that|because),? (?:and|but|or|because)\b"
    r"|\b(?:it's|that's|there's) (?:\w+ ){1,2}(?:it's|that's)"
    r"|\b(the|a|an|not) \w+ \1\b|\b(?:shall|are|do|should) we\b(?!.*\?)|\bon with\b|\bwith a and\b"
    r"|\b(?:the|a) like \w"
    r"|\b(?:the|a|an|of|to|from|our|my|your|we|I|they|if|is|are|was|will|would|can|could|should|because|which|as"
    r"|and|or|but|whole|that's|it's|we're|I'm|they're|very|than|these|when|where|completely|not|also|might|just"
    r"|what|don't|in that|it"
    r" it)[\s,]*[.…]*$",
    re.IGNORECASE,
)
"""What no sentence has: signs of a repair that could not be undone, or of an end that is missing."""
_LONG_REPETITION = re.compile(r"\b(\w+ \w+ \w+)\b.{0,30}\b\1\b", re.IGNORECASE)


def repaired(text: str) -> str:
    """Return plain speech without the beginnings that were given up: "I want the I'd like" becomes "I'd like"."""
    for pattern, replacement in _TAKEN_BACK:
        text = pattern.sub(replacement, text)
    return text


def attempts(text: str) -> list[str]:
    """Return the pieces of a sentence that was begun anew; only the last one was ended."""
    return _NEW_SENTENCE.split(text)


def is_rough(text: str) -> bool:
    """Say whether a sentence shows that it was not said in one go."""
    return bool(_ROUGH.search(text) or _NEW_SENTENCE.search(text) or _LONG_REPETITION.search(text))
