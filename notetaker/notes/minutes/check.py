"""Checks every item of minutes against the lines that it cites, so that notes say nothing that nobody said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from notetaker.model.minutes import Item, Kind, Part
from notetaker.model.notes_kind import Form
from notetaker.model.transcript import Line
from notetaker.notes.kinds import MEETING
from notetaker.notes.minutes.polarity import is_opposite
from notetaker.notes.minutes.sentence import SHORTEST, has_verb
from notetaker.notes.minutes.spoken import content, plain, stem, stems, words
from notetaker.notes.minutes.spoken_numbers import numbers
from notetaker.notes.search.terms import words as separate_words
from notetaker.notes.sounding import alike
from notetaker.notes.stopwords import STOP_WORDS

_SHARE = 0.5
"""How many of an item's content words must be in the lines that it cites, or in those beside them."""
_BESIDE = 2
"""Lines before and after a cited line that may explain it. They support words; not numbers, dates or names."""
_DATE_WORDS = """
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september
october november december today tomorrow tonight yesterday
"""
_DATES = frozenset(_DATE_WORDS.split())
_MAY_BE_OTHER = frozenset({"march", "may"})
_BEFORE_DATES = frozenset(words("a an at before by for in on the to until"))
_YOU = frozenset({"you", "your", "you'll", "you're", "please"})
_NAME = re.compile(r"(?<![.!?:\"“] )(?<!^)\b[A-Z][\w'’-]*[a-z][\w'’-]*")
"""A capitalised word within a sentence. In languages that capitalise nouns, those must be in the lines as well."""
_FIRST = re.compile(r"(?:^|(?<=[.!?:\"“] ))([A-Z][\w'’-]*[a-z][\w'’-]*)(?: ([\w'’]+))?")
"""A word that begins a sentence, and the next one."""
_NO_NAME_BEFORE = frozenset(words("a all any her his its my our that the their these this those your"))
"""Words that follow a verb, as in "Finalise the budget", and hardly a name."""
_OF_A_WRITER = stems(
    "attendees besides despite due group members others participants several speakers team unless"
)
"""Words of those who write about a meeting, with which a sentence may begin though nobody said them."""


@dataclass(frozen=True, slots=True)
class Checked:
    kept: tuple[Item, ...]
    fallen: tuple[tuple[Item, str], ...]
    """Items that do not hold, each with the reason, for the writer that may repair it."""


def check(part: Part, items: Sequence[Item]) -> Checked:
    kept: list[Item] = []
    fallen: list[tuple[Item, str]] = []
    for item in items:
        reason = objection(part, item)
        if reason is None:
            kept.append(item)
        else:
            fallen.append((item, reason))
    return Checked(tuple(kept), tuple(fallen))


def objection(part: Part, item: Item) -> str | None:
    """Return why an item does not hold, or None if it does."""
    place = {line.utterance_id: number for number, line in enumerate(part.lines)}
    if not item.cites:
        return "It cites no line."
    if unknown := [cite for cite in item.cites if cite not in place]:
        return f"It cites {unknown[0]}, which is not a line of this part."
    if len(set(item.cites)) < len(item.cites):
        return "It cites a line twice."
    form = _form(part, item)
    if form in (Form.LIST, Form.PEOPLE) and len(_in_row(item.text)) < SHORTEST:
        return f"It has fewer than {SHORTEST} words."
    cited = [part.lines[place[cite]] for cite in item.cites]
    if form in (Form.PEOPLE, Form.QUOTES) and len({line.user_id for line in cited}) > 1:
        return "It cites lines of several people, and must be of one."
    if form is Form.QUOTES and not _is_verbatim(item.text, cited):
        return "It is not, word for word, in the lines that it cites."
    around = _around(part, [place[cite] for cite in item.cites])
    if (wrong := invention(part, item.text, cited, around, item.owner) or _due(item, cited)) is not None:
        return wrong
    if (wrong := _owner(item, cited, around, part)) is not None:
        return wrong
    about = content(item.text, part.language)
    if about and not about & content(_text(cited), part.language):
        return "It shares no word with the lines that it cites."
    if len(about & content(_text(around), part.language)) < _SHARE * len(about):
        return "It shares too few words with the lines that it cites."
    if is_opposite(item.text, [line.text for line in cited], part.language):
        return "It says the opposite of the lines that it cites."
    return None


def invention(
    part: Part, text: str, cited: Sequence[Line], around: Sequence[Line], owner: str | None = None
) -> str | None:
    """Return which number, date or name of a text nobody said in the lines that it cites, as a sentence.

    Whether the owner has to do with it is another question.
    """
    said = " ".join(f"{line.text} {plain(line.text)}" for line in cited)
    if invented := sorted(numbers(text) - numbers(said, generous=True)):
        return f"The number {invented[0]} is in none of the lines that it cites."
    if invented := sorted(_dates(text) - set(words(said))):
        return f"The date {invented[0]} is in none of the lines that it cites."
    names = _names(text, part.people)
    if part.language == "en":
        names |= _first_names(text, _text(around))
    else:  # nouns may be capitalised, and are inflected
        inflected = content(said, part.language)
        names = {name for name in names if not content(name, part.language) <= inflected}
    names -= set(words(owner or ""))
    if invented := sorted(names - _spoken_names(said, cited) - _misheard(part.spellings, said)):
        return f"The name {invented[0]} is in none of the lines that it cites."
    return None


def _due(item: Item, cited: Sequence[Line]) -> str | None:
    """Say what is wrong with the due date, which is to be as spoken."""
    if item.due is None or item.due.casefold() in _text(cited).casefold():
        return None
    said = {word for line in cited for word in words(f"{line.text} {plain(line.text)}")}
    heard = numbers(_text(cited), generous=True)
    for word in words(item.due):
        number = numbers(word, generous=True)
        if word not in said | _BEFORE_DATES and not (number and number <= heard):
            return f"The date {word} is in none of the lines that it cites."
    return None


def _text(lines: Sequence[Line]) -> str:
    return " ".join(line.text for line in lines)


def _form(part: Part, item: Item) -> Form:
    section = (part.notes or MEETING).section(item.belongs_in)
    return section.form if section else Form.LIST


def _is_verbatim(text: str, cited: Sequence[Line]) -> bool:
    """Say whether somebody said this, with or without fillers."""
    quoted = f" {' '.join(_in_row(text))} "
    return any(
        quoted in f" {' '.join(word for line in cited for word in _in_row(as_said(line.text)))} "
        for as_said in (str, plain)
    )


def _in_row(text: str) -> list[str]:
    """Return the words; of writing without blanks, such as Japanese, each two neighbouring letters are one."""
    return [word for word, _, _ in separate_words(text)]


def _around(part: Part, places: Sequence[int]) -> list[Line]:
    near = {place + step for place in places for step in range(-_BESIDE, _BESIDE + 1)}
    return [line for number, line in enumerate(part.lines) if number in near]


def _dates(text: str) -> set[str]:
    capitalised = set(re.findall(r"\b[A-Z]\w+", text))
    return {
        word
        for word in words(text)
        if word in _DATES and (word not in _MAY_BE_OTHER or word.capitalize() in capitalised)
    }


def _names(text: str, people: Sequence[str]) -> set[str]:
    """Return names in lower case: capitalised words, and the names of people wherever they stand."""
    capitalised = {word.lower().removesuffix("'s") for word in _NAME.findall(text)} - _DATES
    known = {word for name in people for word in words(name) if len(word) > 2}
    return {word for word in capitalised if not word.startswith("i'")} | (
        {match.lower() for match in re.findall(r"\b[A-Z]\w+", text)} & known
    )


def _first_names(text: str, around: str) -> set[str]:
    """Return in lower case what can only be names of the words that begin English sentences."""
    found = {
        match[1].lower().removesuffix("'s")
        for match in _FIRST.finditer(text.replace("’", "'"))
        if (match[2] or "").lower() not in _NO_NAME_BEFORE
    }
    known = (
        stems(around) | _OF_A_WRITER | {piece for word in words(around) for piece in re.split(r"[-']", word)}
    )
    return {
        name
        for name in found
        if not (
            name in STOP_WORDS
            or name.endswith("ly")
            or has_verb(f"{name} {stem(name)} {stem(name)}e")
            or numbers(name, generous=True)
            or known & {name, stem(name), *re.split(r"[-']", name)}
        )
    }


def _spoken_names(said: str, cited: Sequence[Line]) -> set[str]:
    heard = {word.removesuffix("'s") for word in words(f"{said} {' '.join(line.speaker for line in cited)}")}
    return heard | {piece for word in heard for piece in re.split(r"[-_']", word)}


def _misheard(spellings: Sequence[str], said: str) -> set[str]:
    """Return the words of the terms that sound like something that was said."""
    return {word for term in alike(spellings, said) for word in words(term)}


def _owner(item: Item, cited: Sequence[Line], around: Sequence[Line], part: Part) -> str | None:
    """Say what is wrong with the owner, who is named, speaks, or may be the one who is asked.

    Those who are asked speak nearby, or else "you" could be anybody. Of English it is known when somebody is asked.
    """
    if item.owner is None or item.kind is not Kind.ACTION:
        return None
    if item.owner not in part.people:
        return f"{item.owner} is not a person of this meeting."
    said = {word for line in cited for word in words(line.text)}
    if item.owner in {line.speaker for line in cited} or set(words(item.owner)) & said:
        return None
    if item.owner in {line.speaker for line in around} and (part.language != "en" or said & _YOU):
        return None
    return f"The lines that it cites neither name {item.owner} nor are theirs."
