"""Whether a sentence says the opposite of what was said: "we ship on Friday" of "we will not ship on Friday"."""

import re
from collections.abc import Iterable
from typing import Final

from notetaker.notes.minutes.spoken import content, plain, sentences

_NOT: Final = {
    "de": r"nicht|kein\w*|nie|niemals|niemand|nichts",
    "en": r"not|never|no|nobody|nothing|none|neither|nor|cannot|\w+n't",
    "es": r"no|nunca|nadie|nada|ningun\w*|ningún|tampoco",
    "fr": r"ne|pas|jamais|rien|aucune?|personne|n'\w+",
    "it": r"non|mai|nessun\w*|niente|nulla",
    "nl": r"niet|niets|geen|nooit|niemand",
    "pl": r"nie|nigdy|nikt|nic|żaden|żadn\w*",
    "pt": r"não|nunca|ninguém|nada|nenhum\w*",
    "ru": r"не|нет|никогда|никто|ничего",
    "sv": r"inte|aldrig|ingen|inget|inga",
}
_NOT_IN: Final = {
    language: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for language, words in _NOT.items()
}
_NOT_MEANT: Final = re.compile(
    r"\bno (?:problem|doubt|matter|wonder|longer)|\bnot (?:only|just)|\b(?:what|or|why|if) not\b|\bcan't wait"
    r"|\b(?:don't|not|never) (?:forget|hesitate|worry|mind)",
    re.IGNORECASE,
)
"""English that denies nothing of what follows."""
_TURNS: Final = re.compile(
    r"\b(?:until|till|before|unless|except|without|instead|than|out|against|keep|stay|stick"
    r"|(?:drop|cancel|skip|omit|reject|refus|declin|avoid|stop|remov|chang|replac|fail|lack|los|miss|delay|postpon"
    r"|exclud|mov)\w*)\b",
    re.IGNORECASE,
)
"""English that turns the sense around, so that "not" may be right where it was not said, and the other way round."""
_CLAUSES: Final = re.compile(
    r"[,;:]|\b(?:but|because|although|whereas|while|so that|aber|weil|sondern|mais|pero|porque|sino|maar|ale|mas)\b",
    re.IGNORECASE,
)


def is_opposite(claim: str, said: Iterable[str], language: str) -> bool:
    """Say whether all that was said about a claim denies it, or whether it denies what nobody denied.

    What shares at least half of the claim's words is about it. Of a language whose negations are not known the
    answer is no, and of questions, which say neither.
    """
    denial = _NOT_IN.get(language)
    if denial is None or claim.endswith("?"):
        return False
    texts = [plain(text, english=language == "en").replace("’", "'") for text in said]
    sought = content(claim, language)
    about = [
        clause
        for text in texts
        for sentence in sentences(text)
        for clause in (_CLAUSES.split(sentence) if not sentence.endswith("?") else [sentence])
        if len(sought & content(clause, language)) * 2 >= len(sought)
    ]
    denies = _denies(claim.replace("’", "'"), denial)
    if not about or (denies and any(_denies(text, denial) for text in texts)):
        return False
    turned = _turns(claim)
    if turned - _turns(" ".join(texts)):
        return False
    return all(
        not clause.endswith("?") and _denies(clause, denial) != denies and _turns(clause) <= turned
        for clause in about
    )


def _denies(text: str, denial: re.Pattern[str]) -> bool:
    return bool(denial.search(_NOT_MEANT.sub("", text.strip())))


def _turns(text: str) -> set[str]:
    return {match[0].lower()[:4] for match in _TURNS.finditer(text)}
