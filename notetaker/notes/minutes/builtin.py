"""The writer that needs no model: it finds what was said, and never says more.

It knows how decisions, actions and questions are put in English; in other languages it finds points only.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import zip_longest

from stop_words import StopWordError, get_stop_words  # type: ignore[import-untyped]

from notetaker.model.minutes import Item, Kind, Part, PartMinutes
from notetaker.model.notes_kind import NotesKind
from notetaker.notes.kinds import MEETING, has_place
from notetaker.notes.minutes.classifier import Classifier, trained
from notetaker.notes.minutes.cues import CUES, normal
from notetaker.notes.minutes.entries import entries
from notetaker.notes.minutes.features import Scene
from notetaker.notes.minutes.owners import due, owner
from notetaker.notes.minutes.points import points
from notetaker.notes.minutes.questions import open_questions
from notetaker.notes.minutes.repairs import is_rough
from notetaker.notes.minutes.sentence import VERBS, sentence, without_lead
from notetaker.notes.minutes.spoken import stem, stems, words
from notetaker.notes.minutes.statements import Statement, Talk, talk
from notetaker.notes.stopwords import STOP_WORDS

NAME = "built-in"

_SUMMARY = 5
_TITLES = 3
"""Most sentences of the summary, and parts that the title names."""
_PRONOUN = re.compile(r"\b(?:it|them|that|this|him|her|those|these|there)\b", re.IGNORECASE)
_CONTENT = 2
"""Words that say what a decision is about, below which what was proposed is quoted too."""
_HALF = re.compile(
    r"(?:If|That|How|What|Which|Because|Whether)\b(?!'s)(?!.*, (?:we|you|I|then|it|let's|please)\b)"
)
"""A sentence without its main clause: "if you can check the evaluation"."""
_BACK = 4
"""Lines before a decision in which the proposal is looked for."""


_GENERIC = """
across already better bigger cause come comes coming day days different dunno easy eight everyone five four gonna half
hour
hundred idea ideas important interesting kinda last list mentioned minutes month months nine number ones part people
percent place questions second seven show small start started talked thing thousand three time today tomorrow trying
twelve twenty using wanna ways week weeks whole working year years
"""
_NO_TITLE = STOP_WORDS | VERBS | frozenset(_GENERIC.split())
"""Words that are no topic."""
_WITHOUT_BLANKS = frozenset({"ja", "zh"})
_GERMAN_NOUN = re.compile(r"(?<=[\w,;:] )[A-ZÄÖÜ][\w-]+")
"""A word that German writes with a capital inside a sentence."""


class BuiltIn:
    name = NAME

    def __init__(self, classifier: Classifier | None = None) -> None:
        self.classifier = classifier or trained()

    def write(self, part: Part) -> PartMinutes:
        english = part.language == "en"
        spoken = talk(part.lines, english=english)
        settled = self._settled(spoken, part) if english else []
        questions = list(open_questions(spoken)) if english else []
        own = list(entries(spoken, part))
        kind = part.notes or MEETING
        found = [item for item in (*settled, *questions, *own) if has_place(kind, item)]
        told = {cite for item in found for cite in item.cites}
        items = (*points(spoken, part, told), *found)
        return PartMinutes(_title(spoken, part), items, part.lines[0].started_ns, NAME)

    def repair(self, part: Part, objections: Sequence[tuple[Item, str]]) -> tuple[Item, ...]:
        return ()  # it quotes; what does not hold is not worth another try

    def sum_up(self, parts: Sequence[PartMinutes], kind: NotesKind = MEETING) -> tuple[str, tuple[Item, ...]]:
        """Take the first point, which is the weightiest, of the parts in which most was settled, then the second."""
        weighty = sorted(parts, key=lambda part: -len(part.items))
        told = [[item for item in part.items if item.kind is Kind.POINT] for part in weighty]
        chosen = [item for row in zip_longest(*told) for item in row if item is not None][:_SUMMARY]
        return _joined([part for part in weighty if part.title][:_TITLES]), tuple(
            item for part in parts for item in part.items if item in chosen
        )

    def _settled(self, spoken: Talk, part: Part) -> list[Item]:
        scene = Scene(spoken, part.people)
        found = []
        for statement in spoken.statements:
            for kind in (Kind.ACTION, Kind.DECISION):
                chance = self.classifier.probability(scene, statement, kind)
                if chance >= self.classifier.models[kind].threshold or scene.is_explicit(statement, kind):
                    item = _item(statement, kind, spoken, part)
                    if item is not None:
                        found.append(item)
                    break
        return found


def _joined(parts: Sequence[PartMinutes]) -> str:
    """Return one title for several parts, in which no subject is named twice."""
    subjects: dict[str, str] = {}
    for number, part in enumerate(parts):
        for place, subject in enumerate(part.title.split(", ")):
            inside = number > 0 and place == 0 and part.made_by == NAME
            subjects.setdefault(subject.casefold(), subject.lower() if inside else subject)
    return ", ".join(subjects.values())


def _item(statement: Statement, kind: Kind, spoken: Talk, part: Part) -> Item | None:
    text = sentence(statement.text, partial(_has_cue, kind))
    if text is not None and (is_rough(text) or _HALF.match(text)):
        return None
    at = statement.at
    if text is None or _says_little(text, kind):
        proposal = _proposal(statement, spoken)
        proposed = sentence(proposal.text) if proposal else None
        if proposal is None or proposed is None or is_rough(proposed):
            if text is None or len(stems(text)) < _CONTENT:
                return None
        else:
            text = f"{proposed} {text or _closed(without_lead(statement.text))}"
            at = (*proposal.at, *at)
    cites = tuple(spoken.lines[index].utterance_id for index in dict.fromkeys(sorted(at)))
    if kind is Kind.ACTION:
        return Item(kind, text, cites, owner(statement, spoken, part.people), due(text))
    return Item(kind, text, cites)


def _has_cue(kind: Kind, text: str) -> bool:
    said = " ".join(normal(text))
    return any(pattern.search(said) for pattern in CUES[kind].values())


def _says_little(text: str, kind: Kind) -> bool:
    """Say whether a sentence cannot be understood alone: "okay, let's do that", "I'll call them tomorrow"."""
    if len(stems(text)) < _CONTENT or kind is not Kind.ACTION:
        return len(stems(text)) < _CONTENT
    when = due(text)
    content = [
        word for word in words(text.replace(when, "") if when else text) if len(word) > 2 and "'" not in word
    ]
    return not set(content) - _NO_TITLE and bool(_PRONOUN.search(text))


def _proposal(statement: Statement, spoken: Talk) -> Statement | None:
    """Return what a short "okay, let's do that" is about: the latest weighty sentence before it."""
    earlier = [
        other
        for other in spoken.statements
        if other.at[-1] < statement.at[0] <= other.at[-1] + _BACK and len(stems(other.text)) >= _CONTENT
    ]
    return earlier[-1] if earlier else None


def _closed(text: str) -> str:
    """Return a short sentence with a capital and an end."""
    return text[0].upper() + text[1:].rstrip(",") + ("" if text.endswith((".", "!", "?")) else ".")


def _title(spoken: Talk, part: Part) -> str:
    """Return the three words that most lines are about, but for names of people.

    Without a list of a language's function words, or blanks between words, there is no title.
    """
    no_topic = _no_topic(part.language)
    if no_topic is None:
        return ""
    no_topic |= {word for name in part.people for word in words(name)}
    german = part.language == "de"
    lines: Counter[str] = Counter()
    written: dict[str, Counter[str]] = {}
    for text in spoken.plain:
        about = words(" ".join(_GERMAN_NOUN.findall(text)) if german else text)
        said = [word for word in about if len(word) > 3 and "'" not in word and word not in no_topic]
        for word in dict.fromkeys(said):
            written.setdefault(stem(word), Counter())[word] += 1
        lines.update(dict.fromkeys(map(stem, said), 1))
    chosen = [root for root, number in lines.most_common(3) if number > 1]
    named = [max(written[root].items(), key=lambda item: (item[1], item[0]))[0] for root in chosen]
    title = ", ".join(word.capitalize() for word in named) if german else ", ".join(named)
    return title[:1].upper() + title[1:]


def _no_topic(language: str) -> frozenset[str] | None:
    """Return the words of a language that are no topic, or None if they are not known."""
    if language == "en":
        return _NO_TITLE
    try:
        return None if language in _WITHOUT_BLANKS else frozenset(get_stop_words(language))
    except StopWordError:
        return None
