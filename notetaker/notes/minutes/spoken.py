"""Spoken words as one would write them: without fillers, false starts and repetitions. English; other text stays."""

import re
from collections.abc import Iterator

from notetaker.notes.search.terms import terms
from notetaker.notes.stopwords import STOP_WORDS

_NOISE = re.compile(r"\[[^\]]*\]|\{[^}]*\}|<[^>]*>|@|\(\?+\)|[\"“”]")
_LETTER = re.compile(r"(?<=[A-Za-z])_")
"""Letters as transcribers spell them out: ``L_C_D_``."""
_FILLER = re.compile(
    r"(?<![\w'-])(?:u+[hm]+(?:[- ](?:h+[um]+h*))?|uh-uh|e+r+m*|a+h+|o+h+|eh|huh|h+m+|m+h*m*(?:[ -]+(?:h?m+|kay))?|mhm"
    r"|uh-hum)(?![\w'-])(?:\.{3}|,)?",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"(?:(?<=^)|(?<=, )|(?<= ))(?:sort of|kind of|like|I guess|let's say|you see)(?:,|(?= um\b)) ?"
    r"|\bI mean\b,? ?"
    r"|(?<!\bdo )(?<!\bif )(?<!\bas )(?<!\blet )(?<!\bdid )\byou know\b,?(?! (?:what|how|that|the|where|who"
    r"|why|it|when|if)\b) ?",
    re.IGNORECASE,
)
_REPEATED = re.compile(r"\b((?:[\w'-]{1,30},? ){0,4}?[\w'-]{1,30}),?(?: \1\b)+(?![-'])", re.IGNORECASE)
_EMPHATIC = frozenset({"very", "really", "much", "so", "long", "far", "had", "that"})
_SHORT_WORDS = """
a i an as at am be by do go he hi if in is it me my no of on or so to up us we ad tv pc uk id ok the and but for you
are was has had not can all any our out who how why see say new old one two ten
"""
_SHORT = frozenset(_SHORT_WORDS.split())
_SPACES = re.compile(r"\s+")
_DETACHED = re.compile(r"\s+([,.!?;:])")
_RUN = re.compile(r"(?:[,;:]\s*)+(?=[,.!?;:])|^[\s,.;:!?-]+")
_END = re.compile(r"(?<=[.!?])\s+(?=\S)|(?<=[a-z]{2}[.!?])\.*(?='?[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")

_BACK_CHANNEL_WORDS = """
yeah yes yep yup ya ok okay kay right alright sure mm hmm uh huh hm mhm ah oh no nope nah well so and but true exactly
absolutely definitely indeed cool great good fine nice excellent brilliant perfect lovely fair enough wow thanks thank
you please sorry hello hi hey bye of course it is that's i see know got guess think all sounds um er now like really
what the a mean to be very point too done we're me neither same here
"""
_BACK_CHANNEL = frozenset(_BACK_CHANNEL_WORDS.split())


def plain(text: str, *, english: bool = True) -> str:
    """Return ``text`` without noises, fillers, false starts and repetitions; in other languages without noises."""
    if not english:
        return _SPACES.sub(" ", _NOISE.sub(" ", text)).strip()
    text = _NOISE.sub(" ", text.replace("’", "'").replace(" - ", "-"))
    text = re.sub(r"(?<=\w)'(?=cause\b|kay\b|til\b)", " '", _LETTER.sub("", text))
    text = _FILLER.sub(" ", text)
    text = _SPACES.sub(" ", _ASIDE.sub("", _SPACES.sub(" ", text)))
    text = " ".join(_whole(text.split()))
    for _ in range(2):
        text = _REPEATED.sub(_once, text)
    return _RUN.sub("", _DETACHED.sub(r"\1", text)).strip()


def sentences(text: str) -> list[str]:
    return [part for part in _END.split(text) if part.strip()]


def words(text: str) -> list[str]:
    """Return the words in lower case."""
    return [match[0].lower() for match in _WORD.finditer(text.replace("’", "'"))]


def stems(text: str) -> set[str]:
    """Return the words that say what a text is about, each cut to what its inflections share."""
    return {stem(word) for word in words(text) if word not in STOP_WORDS and len(word) > 2}


def content(text: str, language: str) -> set[str]:
    """Return what a text is about, in a language, an ISO 639-1 code: the stems of its longer words.

    Of writing without blanks, such as Japanese, each two neighbouring letters are a word.
    """
    if language == "en":
        return stems(text)
    return {term for term in terms(text, language) if len(term) > 2 or not term.isascii()}


def stem(word: str) -> str:
    """Return ``batter`` for batteries, ``decid`` for decided. Crude, and the same for what is compared."""
    word = word.removesuffix("'s")
    for ending in ("ies", "ing", "ed", "es", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


def is_back_channel(text: str) -> bool:
    """Say whether somebody only shows that they listen or agree: "yeah, okay"."""
    said = words(text)
    return len(said) <= 5 and all(word in _BACK_CHANNEL for word in said)


def _whole(spoken: list[str]) -> Iterator[str]:
    """Leave out words that were broken off and begun again: "f form", "wh wh we're"."""
    for number, word in enumerate(spoken):
        bare = word.strip(",.-").lower()
        broken = bare.isalpha() and len(bare) <= 4 and bare not in _SHORT and not word.isupper()
        if broken and word[-1] not in ".!?":
            following = (other.lower() for other in spoken[number + 1 : number + 3])
            mumbled = word.islower() and not re.search("[aeiouy]", bare) and len(bare) < 4
            if (
                mumbled
                or len(bare) == 1
                or any(other.startswith(bare) and len(other) > len(bare) for other in following)
            ):
                continue
        yield word


def _once(match: re.Match[str]) -> str:
    return match[0] if match[1].lower() in _EMPHATIC else match[1]
