"""What somebody wants to find, in plain words, such as "What did Ana say about the invoices?"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from notetaker.notes.search.terms import tells, term, words

_ASKING_WORDS = """
agree agreed answer answered argue argued ask asked comment concern concerned concerning conclusion decide decided
decision describe described detail details did disagree disagreed discuss discussed discussing discussion elaborate
elaborated explain explained explanation feel felt find group how learn learned learnt mean meant meeting meetings
member members mention mentioned opinion opinions participant participants people present presented presenting
propose proposed question reason reasons recommend recommended regarding said say statement suggest suggested
summarise summarize summary talk talked talking team thought view views
"""
_ASKING = frozenset(_ASKING_WORDS.split())
"""Words of questions about meetings, which say nothing about what is sought."""
_ASIDE = re.compile(
    r"\b(?:when|while|during|regarding) (?:\w+ing|the|their|his|her)\b"
    r"|\bin the (?:discussion|meeting)\b|\bas part of\b",
    re.IGNORECASE,
)
"""Begins the part of a question that only says in which context: "when discussing the budget"."""
_IN_AN_ASIDE = 0.6
_IN_A_NAME = 0.3
_EVERYDAY = 0.3
"""Weights of words: those of a speaker's name are less often in what is sought than beside it, and some words are in
most passages.
"""
_SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class Question:
    text: str

    def weights(self, language: str, named: Mapping[int, str]) -> dict[str, float]:
        """Return the terms to seek in meetings in a language, and how much each counts.

        ``named`` are the names of the people it is about, by user id.
        """
        aside = _ASIDE.search(self.text)
        limit = aside.start() if aside else len(self.text)
        names = {term(word, language) for name in named.values() for word, _, _ in words(name)}
        found: dict[str, float] = {}
        asking: dict[str, float] = {}
        for word, begin, _ in words(self.text):
            sought = term(word, language)
            if not sought:
                continue
            if language == "en" and word.removesuffix("'s") in _ASKING:
                asking[sought] = 1.0
                continue
            weight = _IN_A_NAME if sought in names else 1.0 if begin < limit else _IN_AN_ASIDE
            if not tells(word, language):
                weight *= _EVERYDAY
            found[sought] = max(weight, found.get(sought, 0.0))
        return found or asking  # a question of nothing else is about those words

    def named(self, names: Mapping[int, str]) -> dict[int, str]:
        """Return whom of these people, by user id, the question names.

        A part of a name counts if it is written with a capital: "industrial" is not the Industrial Designer.
        """
        spoken = [self.text[begin:end] for _, begin, end in words(self.text)]
        plain = [word.casefold().removesuffix("'s") for word in spoken]
        capital = {word for word, written in zip(plain, spoken, strict=True) if written[:1].isupper()}
        return {user_id: name for user_id, name in names.items() if _is_named(name, plain, capital)}


def _is_named(name: str, plain: list[str], capital: set[str]) -> bool:
    parts = [word for word, _, _ in words(name) if len(word) >= _SHORTEST_NAME]
    if not parts:
        return False
    whole = any(plain[at : at + len(parts)] == parts for at in range(len(plain)))
    return whole or parts[0] in capital
