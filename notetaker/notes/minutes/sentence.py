"""A statement as a sentence that can be read alone: whole, with a verb, without the words that only lead up to it."""

import re
from collections.abc import Callable

from notetaker.notes.minutes.repairs import attempts, repaired
from notetaker.notes.minutes.spoken import words

SHORTEST = 5
"""Fewest words of an item."""
_LONGEST = 30
"""Most words of an item; of a longer sentence the clauses that matter are kept."""

_LEADING = re.compile(
    r"^(?:(?:okay|ok|'kay|yeah|yes|yep|yup|no(?=,)|well|so|and|but|right|alright|all right|now|then|also"
    r"|cool|great|good"
    r"|fine|sure|anyway|basically|actually|I mean|you know|like(?=,)|because|'cause|sorry|exactly|true|perfect|mm'kay"
    r"|excellent|brilliant|I guess|I think(?= we've| we're| that we)|first of all|oh)\b(?![-'’])[,.]?\s*)+",
    re.IGNORECASE,
)
_RESTART = re.compile(
    r"^.{0,60}?\b(?:okay|ok|alright),? so (?=(?:let's|we|I|it|that|the|there)\b)", re.IGNORECASE
)
"""Where a sentence is begun anew, which is better than how it was begun."""
_TRAILING = re.compile(
    r"(?:[\s,]+(?:right|yeah|yes|okay|ok|you know|or something(?: like that)?|or whatever|and so on|so|and"
    r"|but|or|because"
    r"|I guess|I think|isn't it|don't you think|I don't know|then I|um|(?<=, )well|the|a|to|of|with))+[,.?!\s]*$",
    re.IGNORECASE,
)
_TAG = re.compile(
    r",? (?:right|yeah|yes|okay|ok|isn't it|aren't we|don't we|don't you think)\?$", re.IGNORECASE
)
"""What asks for a nod only: "the switch is out, right?"."""
_ASKS = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|will|would|should|shall|have|has|what|why|how|who|which|where|when)\b",
    re.IGNORECASE,
)
_OTHER_FILLERS = re.compile(
    r"^(?:(?:ja|also|gut|genau|na|oui|bon|alors|donc|voilà|bueno|pues|vale|entonces|no więc|więc|no|tak|dobrze"
    r"|ok|okay)"
    r",\s+|(?:äh+m*|öh+m*|euh+|eh+|e{3,}|y{3,})\b,?\s*)+|(?<=\s)(?:äh+m*|öh+m*|euh+|e{3,}|y{3,})\b,?\s*",
    re.IGNORECASE,
)
"""Fillers of German, French, Spanish and Polish, and what leads up to a sentence if a comma follows."""
_WHOLE = re.compile(
    r",?\s+(?=(?:because|but|so that|although|whereas|which|where"
    r"|(?:and|so) (?:I|we|you|they|it|that|there|the)(?:'\w+)?)\b)"
)
"""Where what is before is a clause of its own."""
_CLAUSE = re.compile(r"(?<=[,;:])\s+")

_VERB_FORMS = """
am is are was were be been being 'm 's 're 've 'll 'd has have had having do does did done will would shall should
can could may might must need needs needed want wants wanted let use uses used using take takes took taken taking
make makes made making go goes going went gone get gets got getting keep keeps kept keeping put puts putting give
gives gave given giving think thinks thought know knows knew known say says said tell tells told see sees saw seen
look looks looked looking find finds found come comes came work works worked working try tries tried trying ask asks
asked talk talks talked talking meet meets met meeting send sends sent sending write writes wrote written writing
read reads check checks checked start starts started stop stops stopped drop drops dropped leave leaves left stay
stays stayed stick sticks stuck move moves moved show shows showed shown mean means meant seem seems seemed agree
agrees agreed decide decides decided choose chooses chose chosen focus focuses focused add adds added build builds
built buy buys bought cost costs run runs ran call calls called explore explores include includes included become
becomes became help helps helped change changes changed happen happens happened like likes liked prefer prefers
depend depends believe hope expect suggest propose recommend mention mentioned discuss discussed please remember
forget call book bring create design finish fix prepare present record report research review save set share solve
test train update upload organise order plan print post ship ships split splits play plays raid cut pay pays spend
spends learn learns level win wins lose loses feel feels felt hear heard sell sells sold open opens opened close
"""
VERBS = frozenset(_VERB_FORMS.split())
"""Verbs that are hardly anything else."""
_MORE_VERB_FORMS = """
sit sits sat stand stands stood hold holds held bring brings brought turn turns turned set sets wait waits waited
pick picks picked order orders ordered rotate rotates join joins joined lead leads led follow follows followed grow
grows grew rise rises rose fall falls fell lower raise raises raised allow allows allowed offer offers offered
provide provides provided require requires required receive receives received reduce reduces reduced increase
increases increased improve improves improved support supports supported produce produces produced develop develops
developed publish publishes published consider considers considered expect expects expected carry carries carried
apply applies applied remain remains remained appear appears appeared serve serves served press presses pressed
break breaks broke fit fits connect connects connected replace replaces replaced remove removes removed return
returns returned reach reaches reached close closes closed cover covers covered charge charges charged control
controls controlled contain contains contained consist consists vary varies varied lack lacks exist exists affect
affects affected explain explains explained describe describes described live lives lived die dies died kill kills
killed fight fights fought wear wears wore drive drives drove fly flies flew eat eats ate drink drinks drank catch
catches caught throw throws threw draw draws drew rain rains ring rings rang sing sings invite invites invited visit
visits visited answer answers answered train trains trained measure measures measured compare compares compared
cause causes caused relate relates related tend tends tended understand understands understood combine combines
combined crash crashes crashed fail fails failed load loads loaded download downloads edit edits edited
"""
_ALL_VERBS = VERBS | frozenset(_MORE_VERB_FORMS.split())


def sentence(
    text: str, matters: Callable[[str], object] | None = None, *, english: bool = True
) -> str | None:
    """Return plain speech as a sentence, or None if it is none; only of English it is known what has a verb.

    Of a sentence that was begun more than once, the attempt of which ``matters`` is true is kept, or else the last
    one; of a long one, the clauses from the first such one on.
    """
    if not english:
        bare = _clauses(_OTHER_FILLERS.sub("", text).strip(" ,;:—-"), None)
        return _closed(bare) if _length(bare) >= SHORTEST else None
    bare = without_lead(_RESTART.sub("", _attempt(repaired(text), matters)))
    bare = _TAG.sub(".", bare) if not _ASKS.match(bare) else bare
    bare = _clauses(bare, matters)
    bare = _TRAILING.sub("", bare.rstrip(" .,;:—-")).strip(" .,;:—-") if not bare.endswith("?") else bare
    if _length(bare) < SHORTEST or not has_verb(bare):
        return None
    return _closed(re.sub(r"\bi\b(?=[ '])", "I", bare))


def without_lead(text: str) -> str:
    """Return a sentence without what only leads up to it: "okay, so we go" is "we go"."""
    return _LEADING.sub("", text).strip()


def _length(text: str) -> int:
    """Return the number of words; punctuation that stands alone is none."""
    return sum(any(map(str.isalnum, word)) for word in text.split())


def _closed(text: str) -> str:
    text = text.rstrip(" ,;:—-")
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "?", "!", "…")) else ".")


def _attempt(text: str, matters: Callable[[str], object] | None) -> str:
    found = [one for one in attempts(text) if _length(one) >= SHORTEST]
    told = [one for one in found if matters is not None and matters(one)]
    return (told or found or [text])[-1]


def has_verb(text: str) -> bool:
    said = words(text)
    return any(
        word in _ALL_VERBS or (word.partition("'")[1] and word[word.index("'") :] in VERBS) for word in said
    ) or any(word.endswith("n't") for word in said)


def _clauses(text: str, matters: Callable[[str], object] | None) -> str:
    """Return what fits of a long sentence: whole clauses if possible, from the first one on that matters."""
    if len(text.split()) <= _LONGEST:
        return text
    for boundary in (_WHOLE, _CLAUSE):
        clauses = boundary.split(text)
        start = next((n for n, clause in enumerate(clauses) if matters and matters(clause)), 0)
        kept = text[text.index(clauses[start]) :]
        ends = [match.start() for match in boundary.finditer(kept)]
        fitting = [kept[:end] for end in ends if SHORTEST <= _length(kept[:end]) <= _LONGEST]
        if len(kept.split()) <= _LONGEST:
            return _LEADING.sub("", kept)
        if fitting:
            return _LEADING.sub("", fitting[-1])
    return " ".join(text.split()[: _LONGEST - 1]) + "…"
