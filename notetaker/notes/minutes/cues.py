"""Turns of phrase by which English speakers settle something, or hand out work.

A cue alone decides nothing: the classifier weighs it, with who agrees and how the sentence is put. What has no cue
is never a decision or an action. Cues are sought in :func:`normal` words.
"""

import re
from collections.abc import Collection, Mapping

from notetaker.model.minutes import Kind

_EXPANDED = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\bcan't\b|\bcannot\b", "can not"),
        (r"\bwon't\b", "will not"),
        (r"n't\b", " not"),
        (r"'ll\b", " will"),
        (r"'re\b", " are"),
        (r"'ve\b", " have"),
        (r"'m\b", " am"),
        (r"\blet's\b", "let us"),
        (r"'d\b", " would"),
        (r"\b(?:it|that|he|she|what|there|here|who|this)'s\b", lambda match: f"{match[0][:-2]} is"),
        (r"(?<=\w)'s\b", " s"),
        (r"\bgonna\b", "going to"),
        (r"\bwanna\b", "want to"),
        (r"\bgotta\b", "have to"),
        (r"\bdunno\b", "do not know"),
        (r"'?\bcause\b", "because"),
        (r"'kay\b|\bok\b", "okay"),
        (r"\d[\d,.]*", "#"),
    )
)
_TOKEN = re.compile(r"[a-z#@]+|[?]")
_NOT_NAMES = frozenset({"I", "I'm", "I'll", "I've", "I'd", "OK", "Okay"})


def normal(text: str, people: Collection[str] = ()) -> list[str]:
    """Return lower-case words without contractions; ``@`` stands for a name, ``#`` for a number, ``?`` stays.

    ``people`` are names in lower case, which an engine may write without capitals.
    """
    spoken = text.replace("’", "'").split()
    for number, word in enumerate(spoken):
        bare = word.strip(",.?!;:")
        inside = number > 0 and not spoken[number - 1].endswith((".", "?", "!"))
        capital = bare[:1].isupper() and bare[1:].islower() and len(bare) > 2 and bare not in _NOT_NAMES
        if (inside and capital) or bare.lower() in people:
            spoken[number] = word.replace(bare, "@")
    joined = " ".join(spoken).lower()
    for pattern, replacement in _EXPANDED:
        joined = pattern.sub(replacement, joined)
    return _TOKEN.findall(joined)


_DO = (
    r"(?:ask|book|bring|build|buy|call|check|come up|compare|contact|create|do|design|draft|draw|email|explore|figure"
    r"|fill|find|finish|fix|get|give|go over|have a (?:look|think)|investigate|let (?:you|us|me|everyone) know|look"
    r"|mail|make|meet|message|order|organi[sz]e|plan|post|prepare|present|print|provide|put|read|record|redo|rerun"
    r"|report|research|review|run|save|send|set|share|show|solve|speak|start|take|talk|tell|test|think about|train"
    r"|try|update|upload|work|write)"
)
_DOER = (
    r"(?:@|you|he|she|they|everybody|everyone|somebody|someone|designer|expert|manager|both|two|who|clerk)"
)
_DAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_TIME = (
    rf"(?:weeks?|meeting|month|{_DAY}|tomorrow|tonight|afternoon|session|time|lecture|summer|recording|minutes|hour"
    r"|half an hour|then)"
)

CUES: Mapping[Kind, Mapping[str, re.Pattern[str]]] = {
    kind: {name: re.compile(pattern) for name, pattern in patterns.items()}
    for kind, patterns in {
        Kind.DECISION: {
            "settled": r"\b(?:decided|agreed|settled|sorted|consensus|concluded|conclusion|resolved|carried|approved"
            r"|finali[sz]ed|in agreement|decision (?:is|was)|all agree)\b",
            "worked out": r"\b(?:worked out that|ruled|rule out|chosen|chose|we choose|final (?:answer|decision))\b",
            "let us": r"\blet us (?!see|start|move|say|look|talk|discuss|assume|get|wait|hope|go on|check|begin|think"
            r"|decide|just say|find|imagine|remember|carry|keep going|stop|turn|not forget|let us|hear)\w+",
            "go with": r"\b(?:go|going|goes|stick|sticking|stay|staying) (?:\w+ )?(?:with|for|in for|ahead)\b",
            "we will": r"\bwe (?:\w+ )?(?:will|shall|are going to|are)(?: not)? (?!be |see|talk|discuss"
            r"|look|start|hear"
            r"|have to|get to|come|find|done|here|at|on|in the)\w+",
            "we do": r"\bwe (?:\w+ )?(?:do not go\b|do not do\b|do not |only |just |also |all )?(?:use|take"
            r"|make|keep|put|leave"
            r"|drop|want|need"
            r"|focus|meet|play|stick|spend|lose|add|omit|forget)\b",
            "it has to": r"\b(?:it|that|they|which|this|there|product|case|must) (?:\w+ )?(?:has to|have to|must"
            r"|needs to|will|is going to|are going to)(?: not)? (?:be|have|work|look|use|go|stay)\b"
            r"|\bmust (?:be|not)\b",
            "out": r"\b(?:is|are|s) (?:definitely |also |all )?(?:out|in|gone|off)\b(?= |$)"
            r"(?! the| a| this| our| of| my| that)|\bleave (?:\w+ ){0,3}(?:out|for)\b|\bdo not (?:want|use)\b"
            r"|\b(?:drop|dropped|lose|omit|skip|forget|get rid|rub)\b|\b(?:no|not) need\b",
            "then": r"\bthen$|^(?:okay|right|so|and|alright|fine|yeah|cool|good|great| )*so [\w@]+",
            "it is": r"(?<!that)(?<!what)(?<!where)(?<!how) it is(?: then)?$",
            "fixed": rf"\b(?:is|are|will be|moves?|meets?|starts?|stays?)(?: to| on| in| at| for){{0,2}} (?:#|@"
            rf"|the #|{_DAY}"
            r"|(?:the )?(?:first|second|third|last|same|next))",
            "no": r"^(?:okay|so|and|right|then|well|yeah| )*no (?!i|we|you|it|that|but|not|no|because"
            r"|problem|idea|one"
            r"|worries|the|they|there|he|she|yeah|matter)\w+",
            "definitely": r"\bdefinitely\b",
            "recap": r"\b(?:to sum|in summary|overall|our concept|basically we|so we have|so basically|more or less"
            r"|that is (?:it|our|the))\b",
            "required": r"\b(?:requirements?|board|management|must|only for|not (?:do|doing) any)\b",
            "motion": r"\b(?:propose|motion|content|in favour|everybody happy|everyone happy)\b",
            "from now on": r"\b(?:for now|right now|for the moment|from now on|in future|in the short term"
            r"|any ?more)\b",
            "keep": r"\b(?:keep|stays?|stick|remain|leave) (?:it|the|as|at|to|with|an|a|this|that)\b",
            "like": r"\blike (?:that|the|this) idea\b|\bhappy with\b|\bgood idea\b",
            "should": r"\bwe (?:\w+ )?(?:should|have to|need to|ought)\b",
        },
        Kind.ACTION: {
            "I will": rf"\bi (?:\w+ )?(?:will|am going to|can|would)(?: \w+)? {_DO}\b",
            "I have to": r"\bi (?:\w+ )?(?:have to|need to|still have|must|should|want to|hope to|plan)\b",
            "I am": r"\bi am (?:meeting|going|doing|working|seeing|writing|looking)\b",
            "you will": rf"(?<!\w){_DOER} (?:\w+ )?(?:will|are going to|is going to|can|could|should|do|does"
            rf"|has to|have to"
            rf"|need to)(?: \w+)? {_DO}\b",
            "you are": rf"(?<!\w){_DOER} (?:\w+ )?(?:is|are) (?:working|looking|doing|going|preparing|writing)\b",
            "please": rf"\b(?:please|(?:can|could|would|will) (?:you|everyone|everybody|someone|somebody"
            rf"|@))(?: \w+){{0,2}}"
            rf" {_DO}\b|\bif (?:you|someone|everyone|@)(?: \w+)? (?:can|could|would)\b",
            "want you to": r"\b(?:want|need|like|ask|asked) (?:you|@|everybody|everyone|them|both)(?: \w+)? to\b",
            "by then": rf"\b(?:by|until|till|before|for|on|in|after|this|next) (?:the )?(?:next |end of "
            rf"|this )?{_TIME}\b"
            r"|\b(?:tomorrow|tonight|today|meantime|later today|next time)\b",
            "we will": rf"\bwe (?:\w+ )?(?:will|are going to|can|will try to)(?: \w+)? {_DO}\b",
            "we have to": r"\bwe (?:\w+ )?(?:have to|need to|should|must|are going to be)\b",
            "plan": r"\b(?:plan|future work|next (?:step|thing|experiment)|first thing|action items?|to do|first we"
            r"|tasks?|in the meantime)\b",
            "look into": r"\b(?:look (?:at|into)|work(?:ing)? (?:on|out|together)|find out|send|get back"
            r"|come back to you"
            r"|write to|a note|put (?:\w+ ){1,5}(?:in|on) the|figure out|set up|follow up)\b",
        },
    }.items()
}
"""Cues by kind and name."""

_SETTLED = r"(?:agreed|decided|settled)"
_OFFICE = (
    r"(?:arrange|ask|book|call|check|contact|draft|e?mail|find out|look into|message|order|organi[sz]e|post|prepare"
    r"|review|schedule|send|set up|speak to|talk to|test|upload|work on|write)"
)
_LEADING = (
    r"^(?:(?:okay|so|right|then|well|and|alright|but|yeah|yes|fine|good|now|great|cool|also|i think|i guess"
    r"|in that case) )*"
)
_HANDED = (
    r"(?:work|working|look at|looking at|prepare|preparing|do|doing|make|making|build|building|find|think|write|send"
    r"|draw|check|talk|get|come up)"
)
EXPLICIT: Mapping[Kind, re.Pattern[str]] = {
    Kind.DECISION: re.compile(
        rf"(?<!what )(?<!if )\b(?:it is|that is|we are|we have|we all|everybody) (?:now |all |both "
        rf"|then )*{_SETTLED}\b"
        rf"(?! with)|(?<!what )(?<!if )\bwe (?:have )?(?:now |all |finally |both |also )*{_SETTLED} (?:to"
        rf"|that|on|not|against)"
        r"\b(?! do$)|\b(?:our|the) decision is\b|\bwe are going with\b|\bwe (?:will|are going to) go with\b"
        r"|\blet us (?:all )?(?:agree|settle|go with|stick with)\b"
        rf"|{_LEADING}(?:let us|we will|we are(?: going to)?|we)(?: just| all| definitely| both| also"
        rf"| now)* (?:go|going"
        r"|stick|sticking)(?: in)? (?:with|for)\b"
        r"|\bwe (?:will|are going to) (?:omit|drop|leave out|do without|get rid of|rule out)\b"
        r"|\b(?:is|are) (?:definitely|then) (?:out|in|gone)\b(?! the)"
        r"|\b(?:motion|minutes|budget|report) (?:is|are) (?:therefore |then )?(?:carried|agreed|approved|accepted)\b"
        r"|\bstanding order\b.*\b(?:resolves?|exclude|in private)\b|\bresolves? to (?:exclude|meet in private)\b"
    ),
    Kind.ACTION: re.compile(
        rf"\baction items?\b|(?<!if )(?<!\w)(?:(?:i|@|you) (?:will|am going to|is going to|are going to) (?:also "
        rf"|then )*{_OFFICE}|please (?:also )?(?:{_OFFICE}|{_HANDED}|read|bring|finish|learn|solve|fill in))\b"
        r".*\b(?:today|tomorrow|tonight|by|before|until|next week|this week|after (?:this|the) meeting"
        rf"|on (?:@|{_DAY}))"
        rf"|(?<!\w)(?:designer|expert|manager|secretary|clerk|you two|you guys|you both"
        rf"|two of you)(?: over here)? (?:will"
        rf"|is going to|are going to)(?: be| also| both)* {_HANDED}\b"
        rf"|\bi (?:want|need|would like) (?:you|@)(?: two| guys| both)? to {_HANDED}\b"
        r"|\b(?:i|we) (?:will|can|could|am|are|would be|would)(?: of course| also| certainly)*(?: more than| very)?"
        r"(?: happy to| pleased to| glad to)? (?:write to (?:you|the committee)|(?:send|provide|give|let) (?:you"
        r"|the committee)(?: have)? (?:with )?(?:a|the|some|that|those|further|more) (?:\w+ )?(?:note|figures?"
        r"|details?"
        r"|information|list|breakdown|copy|report|data|numbers)|come back to (?:you|the committee) (?:on|with|in))"
        r"|\b(?:next step|future work) is\b"
    ),
}
"""What needs no classifier, unless it is about the past."""

_LATER = re.compile(
    rf"\b(?:tomorrow|tonight|next (?:week|meeting|time|month|year|session)|by {_DAY}|on {_DAY}|before|until"
    rf"|after (?:this"
    r"|the)|later today|e ?mail|afterwards|please (?!$)|this (?:week|afternoon|evening)|weekend)\b"
    r"|\b(?:to|with|ask|tell) @"
)
_AT_ONCE = re.compile(
    r"\b(?:i|we|you|@) (?:will|am going to|are going to|would like to|have to|want to|can|could"
    r"|need to)(?: just| first"
    r"| quickly| now| also| have to| try to)* (?:tell|say|talk|discuss|show|present|explain|describe|mention"
    r"|start|begin"
    r"|finish up|go (?:over|through|first|on|to|back(?! and)|around|ahead)|move|give (?:you )?(?:a|an|some)|get to"
    r"|come to|turn|hand"
    r"|introduce|see|rub|skip|wait|press|imagine|hear|comment|just say)\b"
    r"|\bi (?:\w+ )?(?:wanted|was going|wondered|was wondering)\b|\bnext slide\b|\bin a (?:second|minute|moment"
    r"|bit)\b"
    r"|\bi (?:suppose|guess) (?:we|you) could\b|\bit would (?:be|also)\b|\bi am (?:just )?(?:talking"
    r"|looking for|saying)\b"
    r"|\b(?:you|one|people|users?|customers?|everyone|they) (?:can|could|would|will|might|may"
    r"|just) (?:\w+ )*(?:and then|if"
    r"|when|or|like|buy)\b|\b(?:people|users|customers|consumers) (?:will|would|can|could|have to|want)\b"
    r"|\bto be able to\b|\byou have to (?:be|use|press|push|hold|say|have|look for)\b"
)
"""What is done in the room, or what one could do."""
_NOT_SETTLING = re.compile(
    r"\b(?:carry|move|moving|go|going|come|coming|get|getting) (?:on|back|through|over|around|round|to @|first)\b"
    r"|\b(?:(?:#|\w+ty|five|ten|fifteen|more) minutes|half an hour(?= until| before|$)|five more|lunch|break"
    r"|next slide)\b|\b(?:that|it|which) (?:would|might|could) be\b"
    r"|\bable to\b|\blet us say # |\bsay (?:#|ninety|\w+ty) percent|\bnot (?:really |probably )?what we\b|\bdepends\b"
    r"|\b(?:people|users|customers|consumers|everyone|they) (?:\w+ )?(?:want|like|need|will|would|prefer|expect)\b"
    r"|\b(?:if|when|whether|since|because|why|how) (?:\w+ ){0,3}(?:we|it|that|they"
    r"|you) (?:\w+ ){0,2}(?:go|going"
    r"|use|take|have|make|keep|put|leave|drop|stick|will|need|want)\b(?!.*\b(?:then|so) (?:we|it|let|that) )"
    r"|\bwe (?:\w+ )?have (?:seen|found|had|started|received|provided|looked|heard|got (?:#|a few|some|no|many"
    r"|two|three"
    r"|one|about)|some|many|a (?:lot|few|little|problem|bit|very|modest)|no idea|these|those|people|results?)\b"
    r"|\bwe (?:see (?:that|a|the)|know|saw|found|think|are (?:on|in|seeing|trying|talking|looking|doing|here))\b"
    r"|\bquestions?\b|\bi would (?:like|say)\b.*\bbut\b"
)
"""How things are, or what may be; and what is only about the course of the meeting."""


_SAYING = r"(?<!as you )(?<!like you )(?<!\bi )\b(?:said|says|told|thought|mean)\b"
_ONLY_SPOKEN_OF = re.compile(
    rf"{_SAYING}|\bthey say\b|\b(?:imagine|pretend)\b|\bi (?:forgot|wish|thought)\b|\b(?:nobody|no one)\b"
    r"|\bin the (?:game|movie|film|book|story|series|show)\b"
)
"""What somebody else says, what is made up, and what has failed."""
_NO_WORK = re.compile(
    r"\b(?:will|shall|can|could|would|should|am|is|are|do|does|did) (?:not|never)\b(?! forget)"
    r"(?!.* (?:but|so|instead) (?:then )?(?:i|we|you|@) )|\bnever\b|\bwill find\b|\bif (?:i|we) could\b"
)
"""What is not to be done: "I won't call them", but not "I can't come, but I will send it"."""
_NOTHING_SETTLED = re.compile(
    r"\b(?:do|does|did) not (?:think|know|believe|agree|decide)\b|\bnot sure\b|\bagreed? to (?:disagree|differ)\b"
    r"|\b(?:almost|never|nearly) (?:have )?(?:agreed|decided|settled)\b|\b(?:agreed|decided|settled) nothing\b"
    r"|^(?:and |so |but )*was it\b|\bwould (?:\w+ ){0,3}be \w+ing\b|\bdefinitely very\b"
)


def is_ruled_out(said: str, kind: Kind) -> bool:
    """Say whether normal words are no decision, or no action, whatever cue is in them."""
    if kind is Kind.DECISION:
        return bool(UNSETTLED.search(said) or _NOT_SETTLING.search(said))
    return bool(AGENDA.search(said) or (_AT_ONCE.search(said) and not _LATER.search(said)))


def is_denied(said: str, kind: Kind) -> bool:
    """Say whether normal words deny, doubt or report what their cue says; the classifier still learns from them."""
    denial = _NOTHING_SETTLED if kind is Kind.DECISION else _NO_WORK
    return bool(_ONLY_SPOKEN_OF.search(said) or denial.search(said))


HEDGE = re.compile(
    r"\b(?:maybe|perhaps|might|could|would|if|probably|do not know|guess|not sure|possibl[ey]|possibility"
    r"|whether|wonder"
    r"|suggest|recommend|opinion|option|think)\b"
)
PAST = re.compile(
    r"\b(?:was|were|did|had|said|looked|used|went|came|found|thought|last|yesterday|ago|they)\b"
)

UNSETTLED = re.compile(
    r"\b(?:have|has|need|want|able|going|try|trying|still|would) to (?:\w+ )?(?:decide|choose|agree|come to"
    r"|make (?:a|some)"
    r" decisions?)\b|\bdecide (?:whether|if|between|later|next|on)\b|\bnot (?:\w+ )?(?:decided|agreed|settled)\b"
    r"|\b(?:when|whether|if|until|before|once) (?:we|you|they|it|that|i) .*\b(?:decided?|agreed?|settled)\b"
    r"|\bunderstand\b|\ban option\b"
)
"""Talk about decisions that are still to be taken."""

AGENDA = re.compile(
    r"\b(?:agenda|things (?:for )?today|today s meeting|this meeting|firstly|introduce|presentations?"
    r"|my (?:role|name) is)\b"
)
"""Talk about what is done at once."""

_OPENING = r"(?:(?:and|so|but|well|okay|now|right|then) )*"
ASKING = {
    Kind.DECISION: re.compile(
        rf"{_OPENING}(?:do|does|did|are|is|have|has|shall|should|can|could|would|will|what|why|how|who|where"
        rf"|when|which"
        r"|if|because|maybe|perhaps)\b"
    ),
    Kind.ACTION: re.compile(
        rf"{_OPENING}(?:do|does|did|are|is|have|has|shall|should|what|why|how|where|when|which|because|maybe"
        rf"|perhaps)\b"
    ),
}
"""Beginnings of sentences that ask or suppose, and so settle nothing. A request may be a question."""

_AGREEING = """
yeah yes yep okay right sure agree agreed exactly good fine absolutely definitely true great cool alright perfect
"""
AGREEING = frozenset(_AGREEING.split())
"""First words of those who agree."""
DOUBTING = frozenset({"no", "but", "not", "why", "well", "hmm"})
"""First words of those who do not."""
